"""Rules of sudo that do not allow a restart of docker: asked for beforehand, on all hosts at once."""

from providers.hosts.engine_api.engine import LOOKS_FOR_INIT
from providers.hosts.fleet import Fleet
from providers.hosts.observe import forbidden
from tests.support.fake_sshd import Ends


def test_a_host_that_can_not_be_asked_stops_no_other(new_host):
    """Each that lacks a right, or does not answer, has its line."""
    hosts = {name: new_host(name) for name in ("m1", "w1", "w2")}
    for host in hosts.values():
        host.commands[f"sh -c '{LOOKS_FOR_INIT}'"] = Ends(stdout=b"")
        host.commands["sudo -n -l service docker restart"] = Ends(stdout=b"/usr/sbin/service docker restart\n")
        host.commands["sudo -n -l service docker start"] = Ends(stdout=b"/usr/sbin/service docker start\n")
    hosts["w1"].commands["sudo -n -l service docker start"] = Ends(status=1)
    fleet = Fleet({name: host.access(sudo=True) for name, host in hosts.items()})
    hosts["w2"].close()

    lacking, silent = forbidden(fleet, hosts)
    fleet.close()

    assert lacking.startswith("w1: sudo does not let root run `service docker start`: a restart of docker there may")
    assert silent.startswith("sudo's rules were not looked at: w2 (")
