"""The plugin as Pulumi starts it, for a program in which another resource says where the hosts are."""

from pathlib import Path

import pytest

from tests.support.any_program import LANGUAGES, Program, begun

pytestmark = pytest.mark.whole

BRIDGES = {"docker_gwbridge@m1", "docker_gwbridge@w1"}
MADE = {f"networks/{name}" for name in (*BRIDGES, "swarm", "node/m1", "node/w1", "ingress", "overlay/app")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_preview_shows_the_networks_of_hosts_that_are_still_to_come(tmp_path: Path, language: type[Program]):
    """The program of the page, and the same in TypeScript: every resource is there, and what waits is said."""
    program = begun(language, tmp_path)
    program.write(program.source.read_text())
    shown = program.preview()

    assert shown.ok, shown.told
    assert {"stack", "m1", "w1", "networks", *MADE} == shown.steps.keys()
    waits = "not known before this is run, and checked before the first write: "
    (said,) = (line for resource, line in shown.notes.items() if resource == "networks")
    assert {"hosts.m1.address", "hosts.w1.address"} == {*said.removeprefix(waits).split(", ")}
