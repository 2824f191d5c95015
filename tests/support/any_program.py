"""A user's own program with the plugin: examples/any-program in a project of its own, and nothing else of ours."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from plugin.spelling import camel
from tests.support import npm
from tests.support.machines import ROOT, Group
from tests.support.project import Project
from tests.support.what_hosts_show import SSH

EXAMPLES = ROOT / "examples" / "any-program"
COMPONENT = "networks"


class Program(Project):
    """A user's own project in Python, with the plugin on the PATH."""

    prefix = f"{COMPONENT}/"
    # A resource of a component failed, and the program, which is no code of ours, waits for the component:
    # https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/lib/pulumi/runtime/resource.py
    ended_by = "resource monitor shut down"
    runtime: ClassVar[Any] = {"name": "python", "options": {"virtualenv": str(ROOT / ".tools/venv")}}
    source = EXAMPLES / "python" / "__main__.py"
    # What stands in for pulumi-command's plugin where that can't be downloaded takes no other commands.
    quiet = ("create=", 'interpreter=["/bin/sh", "-c"], logging=local.Logging.NONE, create=')
    on_path: ClassVar[tuple[Path, ...]] = (
        ROOT / "plugin" / "pulumi-resource-swarmnet",
        ROOT / "tools" / "pulumi-resource-command",
    )

    def __post_init__(self) -> None:
        self.project = yaml.safe_dump({"name": "shop", "runtime": self.runtime, "stackConfigDir": "stacks"})
        super().__post_init__()
        for part in ("__main__.py", "providers", "requirements.txt", ".tools"):
            (self.folder / part).unlink()
        programs = self.folder / "bin"
        programs.mkdir()
        for program in self.on_path:
            (programs / program.name).symlink_to(program)
        self.add_sdk()

    def add_sdk(self) -> None:
        """Write what `pulumi package add` makes of the schema, as far as a program with dicts needs it."""
        (self.folder / "pulumi_swarmnet.py").write_text(
            "import pulumi\n\n\n"
            "class Networks(pulumi.ComponentResource):\n"
            "    def __init__(self, name, **inputs):\n"
            '        outputs = {"swarmnet": None, "compose": None}\n'
            '        super().__init__("swarmnet:index:Networks", name, {**outputs, **inputs}, remote=True)\n'
        )

    def write(self, program: str) -> None:
        """Write the program."""
        (self.folder / self.source.name).write_text(program.replace(*self.quiet))

    def on_hosts(self, hosts: Group) -> str:
        """Return the example with names and addresses of real hosts in place of its own, and how they are reached."""
        program, access = self.source.read_text(), {camel(key): value for key, value in SSH.items()}
        for name, address, host in zip(("m1", "w1"), ("192.0.2.11", "192.0.2.12"), hosts, strict=True):
            program = re.sub(rf"\b{name}\b", host.name, program).replace(address, host.address)
        return re.sub(r'\{ ?"?user"?: "root" ?\}', json.dumps(access), program)

    def _environment(self) -> dict[str, str]:
        found = super()._environment()
        return found | {"PATH": f"{self.folder / 'bin'}:{found['PATH']}"}


class InTypeScript(Program):
    """The same in TypeScript."""

    runtime = "nodejs"
    source = EXAMPLES / "typescript" / "index.ts"
    quiet = ("create:", 'interpreter: ["/bin/sh", "-c"], logging: local.Logging.None, create:')
    on_path = (*Program.on_path, ROOT / "tools" / "pulumi-language-nodejs")

    def add_sdk(self) -> None:
        """Write it as JavaScript, with its types, beside the packages of npm that the example names."""
        own = self.folder / "node_modules"
        sdk = own / "@pulumi" / "swarmnet"
        sdk.mkdir(parents=True)
        (sdk / "index.js").write_text(
            'const pulumi = require("@pulumi/pulumi");\n'
            "exports.Networks = class extends pulumi.ComponentResource {\n"
            "    constructor(name, inputs) {\n"
            "        const outputs = { swarmnet: undefined, compose: undefined };\n"
            '        super("swarmnet:index:Networks", name, { ...outputs, ...inputs }, {}, true);\n'
            "    }\n"
            "};\n"
        )
        (sdk / "index.d.ts").write_text(
            'import * as pulumi from "@pulumi/pulumi";\n'
            "export declare class Networks extends pulumi.ComponentResource {\n"
            "    constructor(name: string, inputs: pulumi.Inputs);\n"
            "    readonly swarmnet: pulumi.Output<any>;\n"
            "    readonly compose: pulumi.Output<string>;\n"
            "}\n"
        )
        named = json.loads(self.source.with_name("package.json").read_text())
        wanted = [*named["dependencies"].items(), *named["devDependencies"].items()]
        found = npm.installed(*(f"{name}@{version}" for name, version in wanted)) / "node_modules"
        for package in (*found.glob("[!@.]*"), *found.glob("@*/*")):
            place = own / package.relative_to(found)
            place.parent.mkdir(exist_ok=True)
            place.symlink_to(package)


class OfSections(Program):
    """A program in Python whose component has the sections of a stack file: for tests of both faces."""

    def declare(self, sections: Mapping[str, Any]) -> None:
        """Write the program."""
        self.write(f"import pulumi_swarmnet\n\npulumi_swarmnet.Networks({COMPONENT!r}, **{dict(sections)!r})\n")


LANGUAGES = [
    pytest.param(Program, id="python"),
    pytest.param(InTypeScript, id="typescript", marks=pytest.mark.typescript),
]


def begun(language: type[Program], folder: Path) -> Program:
    """Return a new project in a folder for scratch."""
    (folder / "project").mkdir()
    return language(folder / "project", folder / "home")
