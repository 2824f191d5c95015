"""The example app on real hosts, by the words of its README: deployed, left alone, told of its network, taken down."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Status, brought_up
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, ROOT, Group, end, eventually, start
from tests.support.project import Project, Run, events
from tools.pulumi_plugin import PLUGIN

pytestmark = pytest.mark.lab

HOSTS = "n"

EXAMPLE = ROOT / "examples" / "app"
OUTPUTS = ROOT / "docs" / "outputs.md"
SECONDS = 200.0
RANGES = ("10.202.4.0/24", "10.202.5.0/24")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"\| (\w+) asked, (\w+) answered")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in a language; commands without their prompt."""
    return [text.replace("$ ", "") for found, text in FENCE.findall(page.read_text()) if found == language]


@dataclass
class App:
    """The example in a folder of its own, beside the networks' stack, in the same backend."""

    networks: Status
    folder: Path

    @property
    def hosts(self) -> Group:
        """Return the hosts that it runs on."""
        return self.networks.hosts

    def shell(self, script: str) -> Run:
        """Run a script as a user would, in the checkout's folder; what Pulumi asks is answered with yes."""
        environment = {**self.networks.project._environment(), "PULUMI_SKIP_CONFIRMATIONS": "true"}
        project = self.networks.project.folder
        done = subprocess.run(
            ["sh", "-ec", script], cwd=project, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
        return Run(done.returncode, done.stdout + done.stderr, events(done.stdout))

    def pulumi(self, *words: str) -> Run:
        """Run pulumi on the app's stack, with the key of the hosts in an agent."""
        command = " ".join(("pulumi", *words, "--stack lab --non-interactive"))
        return self.shell(f"cd {self.folder} && ssh-agent sh -c 'ssh-add -q {KEY_FILE} && {command}'")

    def up(self) -> Run:
        """`pulumi up`."""
        return self.pulumi("up", "--skip-preview", "--json")

    def preview(self) -> Run:
        """`pulumi preview`."""
        return self.pulumi("preview", "--json")

    def taken_down(self) -> Run:
        """The README's way to take it down."""
        return self.shell(f"cd {self.folder}\n{blocks(EXAMPLE / 'README.md', 'console')[1]}")

    def tasks(self) -> list[str]:
        """The ids of its running containers."""
        return sorted(line for host in self.hosts for line in host.docker("ps", "--quiet").split())

    def talk(self, since: str = "2s") -> set[tuple[str, str]]:
        """Return who asked of late, and who answered."""
        manager = next(iter(self.hosts))
        return set(LINE.findall(manager.docker("service", "logs", "--since", since, "hello_client")))

    def all_answered(self) -> bool:
        """Tell whether each host's client has its answer, from the one host that has `web`."""
        talk = self.talk()
        return {host.name for host in self.hosts} == {asked for asked, _ in talk} and 1 == len({by for _, by in talk})


@pytest.fixture(scope="module")
def networks(hosts: Group, shelf: list[Status], new_project: Callable[..., Project]) -> Status:
    """Provide the stack `lab` on three hosts, as `make demo` leaves it."""
    shelf.clear()
    return brought_up(hosts.reset(), new_project("lab"))


@pytest.fixture(scope="module")
def app(networks: Status) -> App:
    """The app as the README's two commands deploy it. Tests leave it deployed."""
    if not shutil.which(PLUGIN):
        pytest.skip(f"{PLUGIN} is not on PATH: run `make lab`")
    folder = networks.project.folder / "examples" / "app"
    shutil.copytree(EXAMPLE, folder)
    app = App(networks, folder)
    first = app.shell(blocks(EXAMPLE / "README.md", "console")[0])
    assert first.ok, first.text
    return app


@pytest.fixture
def old_engine() -> Iterator[Group]:
    """One host with Engine 20.10, whose docker takes no Compose file without a version."""
    yield start("e", "20.10", count=1)
    end("e")


def declared(app: App, /, **overlays: Any) -> Run:
    """Run `pulumi up` on the networks, some of them declared otherwise, or no longer if None is given."""
    sections = app.networks.sections
    desired = {**sections["overlays"], **overlays}
    sections["overlays"] = {name: overlay for name, overlay in desired.items() if overlay is not None}
    app.networks.project.declare(sections)
    return app.networks.project.up()


def test_readme_deploys_it_with_two_commands(app: App):
    """They are pulumi's, once it is told where the state is; then there is nothing left to do."""
    commands = blocks(EXAMPLE / "README.md", "console")[0].splitlines()
    assert 2 == sum("pulumi " in command for command in commands)
    assert {} == app.preview().steps


def test_services_talk_across_hosts(app: App):
    """The client on each host gets its answers from the one host that has `web`."""
    eventually(app.all_answered)

    assert 2 == len([asked for asked, answered in app.talk() if asked != answered])


def test_state_holds_no_private_key(app: App):
    """It has none in clear or as a secret: the connection is an address, a user and a host key."""
    exported = json.loads(app.shell(f"cd {app.folder} && pulumi stack export --stack lab --show-secrets").text)
    command = next(each for each in exported["deployment"]["resources"] if "Command" in each["type"])
    connection = json.loads(command["inputs"]["connection"]["plaintext"])

    assert {"host", "hostKey", "user"} == connection.keys() - {"port", "dialErrorLimit", "perDialTimeout"}
    assert "PRIVATE KEY" not in json.dumps(exported)


def test_other_overlays_change_without_it(app: App):
    """One replaced, one added, one taken away: the app's preview is empty each time, and its `up` restarts nothing."""
    before = app.tasks()

    for other in ({"monitoring": {"subnet": "10.202.8.0/24"}, "extra": {"subnet": "10.202.9.0/24"}}, {"extra": None}):
        changed = declared(app, **other)

        assert changed.ok, changed.told
        assert {} == app.preview().steps
    assert {} == app.up().steps
    assert before == app.tasks()


def another(app: App) -> dict[str, Any]:
    """The network of the app with a range that it does not have now."""
    now = app.networks.sections["overlays"]["app"]["subnet"]
    return {"subnet": next(each for each in RANGES if each != now), "attachable": True}


def test_migrated_network_is_told_and_deployed_on(app: App):
    """The preview of the app is an update with the new id; `up` finds its services moved, and restarts none."""
    old = app.networks.project.output()["networks"]["app"]["id"]
    moved = declared(app, app={**another(app), "on_in_use": "migrate"})
    assert moved.ok, moved.told
    new = app.networks.project.output()["networks"]["app"]["id"]
    before = app.tasks()

    preview = app.preview()

    assert {"hello": "update"} == preview.steps
    was, becomes = preview.differences["hello"]["create"]
    assert (True, True) == (f"networks=app={old}\n" in was, f"networks=app={new}\n" in becomes)
    assert {"hello": "update"} == app.up().steps
    assert before == app.tasks()
    eventually(app.all_answered)


def test_network_in_use_is_replaced_in_the_documented_order(app: App):
    """Refused by name while the app is there; down, networks, up: and the app runs on the new one."""
    refused = declared(app, app=another(app))
    assert [True, True] == [f"service hello_{name} on" in refused.error for name in ("client", "web")]

    down = app.taken_down()
    assert down.ok, down.text
    replaced = declared(app)
    assert replaced.ok, replaced.told

    assert "create" == app.up().steps["hello"]
    eventually(app.all_answered)


def test_taken_down_is_gone_everywhere(app: App):
    """The README's command leaves no container of the app on any host, and no service."""
    down = app.taken_down()

    assert down.ok, down.text
    assert ([], "") == (app.tasks(), next(iter(app.hosts)).docker("service", "ls", "--quiet"))
    assert app.up().ok


def test_replacement_on_demand_leaves_it_running(app: App):
    """If Pulumi is told to replace the deployment, the old one goes before the new one comes."""
    resource = "urn:pulumi:lab::app::command:remote:Command::hello"

    again = app.pulumi("up", "--skip-preview", "--json", "--replace", resource)

    assert again.ok, again.told
    eventually(app.all_answered)


def test_another_host_key_is_refused(app: App, tmp_path: Path):
    """Nothing is sent to the manager if known_hosts has another key for it."""
    manager, other, _ = app.hosts
    key = next(line.split(" ", 1)[1] for line in KNOWN_HOSTS.read_text().splitlines() if other.address in line)
    (tmp_path / "known_hosts").write_text(f"{manager.address} {key}\n")
    before = app.tasks()
    configured = (app.folder / "Pulumi.lab.yaml").read_text()
    (app.folder / "Pulumi.lab.yaml").write_text(configured.replace(str(KNOWN_HOSTS), str(tmp_path / "known_hosts")))

    refused = app.up()

    (app.folder / "Pulumi.lab.yaml").write_text(configured)
    assert "host key mismatch" in refused.errors["hello"]
    assert before == app.tasks()


def test_docker_takes_the_compose_fragment_as_it_is(app: App):
    """The commands of docs/outputs.md: the fragment, and the file of an app that names one of its networks."""
    compose, deploy, _, _ = blocks(OUTPUTS, "console")
    manager = next(iter(app.hosts))

    deployed_by_hand(app, manager, compose, blocks(OUTPUTS, "yaml")[1], deploy)

    spec = json.loads(manager.docker("service", "inspect", "shop_web"))[0]["Spec"]
    manager.docker("stack", "rm", "shop")
    targets = [each["Target"] for each in spec["TaskTemplate"]["Networks"]]
    assert [app.networks.project.output()["networks"]["app"]["id"]] == targets
    assert blocks(OUTPUTS, "yaml")[0] == (app.networks.project.folder / "networks.yml").read_text()


def test_page_prints_the_output_as_json(app: App):
    """The last command of docs/outputs.md."""
    assert app.networks.project.output() == json.loads(app.shell(blocks(OUTPUTS, "console")[3]).text)


def test_old_docker_takes_it_with_the_version_of_the_app(app: App, old_engine: Group):
    """The page's way for Engine 20.10, which takes no file without a version."""
    _, deploy, with_version, _ = blocks(OUTPUTS, "console")
    manager = next(iter(old_engine))
    manager.docker("swarm", "init", "--advertise-addr", manager.address)
    manager.docker("network", "create", "--driver", "overlay", "app")

    deployed_by_hand(app, manager, with_version, f'version: "3.8"\n{blocks(OUTPUTS, "yaml")[1]}', deploy)

    assert "shop_web" == manager.docker("service", "ls", "--format", "{{.Name}}")


def deployed_by_hand(app: App, manager: Any, compose: str, services: str, deploy: str) -> None:
    """Write the fragment as the page says, bring both files to the manager, and deploy them there."""
    written = app.shell(compose)
    assert written.ok, written.text
    place = Path(f"/proc/{manager.pid}/root/tmp")
    (place / "networks.yml").write_text((app.networks.project.folder / "networks.yml").read_text())
    (place / "app.yml").write_text(services)
    manager.run("sh", "-ec", f"cd /tmp && {deploy}")
