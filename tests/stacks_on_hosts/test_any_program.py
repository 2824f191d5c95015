"""The programs of examples/any-program on bare hosts: a life of their swarm, from addresses that are outputs."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import machines
from tests.support.any_program import LANGUAGES, Program, begun
from tests.support.machines import KNOWN_HOSTS, ROOT, Group, Host, eventually
from tests.support.project import Project
from tests.support.services import FOREVER, all_run, deploy, journals, lost, specs
from tests.support.state_servers import Store
from tests.support.what_hosts_show import promised, shown

pytestmark = pytest.mark.lab

SERVICE = {"web": f"--replicas 2 --network app --publish 8080:80 busybox:lab {FOREVER}"}


@pytest.fixture
def hosts() -> Iterator[Group]:
    """Two hosts of their own."""
    group = machines.start("v", "28", count=2)
    group.provide_image()
    yield group
    machines.end("v")


def sections(hosts: Group, ingress: str) -> dict[str, Any]:
    """The stack file that says what the program says."""
    return {
        "hosts": {host.name: {"role": role} for host, role in zip(hosts, ("manager", "worker"), strict=True)},
        "swarm": {"task_history_limit": 5, "labels": {}},
        "gwbridge": {"subnet": "10.230.0.0/20"},
        "ingress": {"subnet": ingress},
        "overlays": {"app": {"subnet": "10.234.0.0/24"}},
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_life_of_a_swarm(hosts: Group, tmp_path: Path, language: type[Program]):
    """One `up` makes hosts known and their swarm; nothing is left to do; the ingress moves under a service, whose
    port stays; the end leaves no swarm."""
    manager, program = next(iter(hosts)), begun(language, tmp_path)
    text = program.on_hosts(hosts)
    program.write(text)
    up = program.up()
    assert up.ok, up.told
    assert promised(sections(hosts, "10.233.0.0/20")) == shown(hosts)
    previews = [program.preview("--expect-no-changes", *words) for words in ((), ("--refresh",))]
    assert [(True, {}), (True, {})] == [(each.ok, each.steps) for each in previews], previews

    deploy(manager, SERVICE)
    before = specs(manager)
    program.write(text.replace("10.233.0.0", "10.235.0.0"))
    moved = program.up()
    assert moved.ok, moved.told
    assert {"networks": "update", "networks/ingress": "update"} == moved.steps  # the first is the provider
    assert ([], []) == (lost(before, specs(manager)), journals(manager))
    assert promised(sections(hosts, "10.235.0.0/20")) == shown(hosts)
    eventually(lambda: all_run(manager))
    refreshed = program.refresh("--expect-no-changes")
    assert refreshed.ok, refreshed.told

    app_finds_its_network(manager, program)
    manager.docker("service", "rm", *SERVICE)
    ended = program.destroy()
    assert ended.ok, ended.told
    assert [("inactive", {"docker_gwbridge"})] * 2 == [
        (host.swarm()["LocalNodeState"], {*host.networks()}) for host in hosts
    ]


def app_finds_its_network(manager: Host, program: Program) -> None:
    """The example app, with this stack in the place of Swarmnet's, would deploy to its network."""
    example = ROOT / "examples" / "app"
    runtime = {"name": "python", "options": {"virtualenv": str(ROOT / ".tools/venv")}}
    project = yaml.safe_dump({"name": "app", "runtime": runtime, "stackConfigDir": "stacks"})
    folder = program.folder.parent / "app"
    folder.mkdir()
    app = Project(folder, program.home, project=project, store=Store(f"file://{program.backend}?metadata=skip"))
    for file in ("__main__.py", "app.yml", "deploy.sh", "remove.sh"):
        (folder / file).unlink(missing_ok=True)
        shutil.copy(example / file, folder / file)
    config = {"app:swarmnet": "organization/shop/t", "app:known_hosts": str(KNOWN_HOSTS)}
    app.stack_file.write_text(yaml.safe_dump({"config": config}))

    # How it reaches the manager is a secret there, which a preview does not show.
    assert f"networks=app={manager.network('app')['Id']}\n" in app.preview().planned["hello"]["create"]
