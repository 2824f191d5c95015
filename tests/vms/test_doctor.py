"""`swarmnet doctor` on a kernel of its own, before and after there is a swarm: ip_vs, ESP, rules of published ports.

Each fault is found on its host, in its direction, and nothing else besides. Hosts are bare for the first tests.
"""

import pytest

from tests.support.doctor import doctor, found, made
from tests.vms.conftest import PORTS, Work, everything_answers, soon

pytestmark = [pytest.mark.vms, pytest.mark.timeout(3600)]


def test_bare_hosts_are_well(bare: Work):
    """Nothing is found, and every channel is open."""
    code, told = doctor(bare.project)

    assert (0, []) == (code, found(told))
    assert {"open"} == {each["status"] for each in told["matrix"]}


@pytest.mark.parametrize(("module", "told"), [("ip_vs", "kernel-ipvs"), ("esp4", "kernel-esp")])
def test_module_that_is_not_there(bare: Work, module: str, told: str):
    """It is found on its host."""
    fault = f"f=$(modinfo -n {module}); mv $f /root; echo $f >/root/was; depmod"
    with made(bare.hosts["vm2"], fault, "f=$(cat /root/was); mv /root/${f##*/} $f; depmod"):
        _, seen = doctor(bare.project)

    assert [(told, "failed", "vm2", "")] == found(seen)


def test_members_are_well(work: Work):
    """Encrypted packets are tried between all, since a service has a task on each."""
    _, told = doctor(work.project)

    assert [] == found(told)
    assert {"open"} == {each["status"] for each in told["matrix"]}
    assert 6 == sum(each["channel"] == "esp" for each in told["matrix"])


def test_esp_that_is_closed_one_way(work: Work):
    """By a table that docker's own tool does not show."""
    drops = f"ip saddr {work.hosts['vm3'].address} meta l4proto esp drop"
    table = f"table inet out_of_sight {{ chain input {{ type filter hook input priority filter; {drops}; }}; }}"
    with made(work.hosts["vm2"], f"nft '{table}'", "nft delete table inet out_of_sight"):
        _, told = doctor(work.project)

    assert [("reach-esp", "failed", "vm3", "vm2")] == found(told)


def test_rules_of_published_ports_that_were_flushed(work: Work):
    """They are found by their ports, and what doctor says to do brings them back: docker is restarted."""
    host = work.hosts["vm2"]
    host.run("iptables", "--wait", "--table", "nat", "--flush", "DOCKER-INGRESS")
    _, told = doctor(work.project)

    assert [("docker-chains", "failed", "vm2", "")] == found(told)
    (row,) = told["findings"]
    assert all(f"nat DOCKER-INGRESS for tcp {port}" in row["fact"] for port in PORTS.values())
    assert row["remedy"].startswith("restart docker there")

    restart_docker(work)


def restart_docker(work: Work) -> None:
    """On the second host; return when the services answer everywhere again."""
    work.hosts["vm2"].run("sh", "-c", "systemctl reset-failed docker; systemctl restart docker")
    soon(lambda: everything_answers(work.hosts))


def test_reload_of_firewalld(work: Work):
    """It takes away docker's rules of published ports, and sometimes those by which packets are encrypted."""
    host = work.hosts["vm2"]
    rules = work.project.swarmnet("doctor", "--rules=firewalld", f"--host={host.name}").stdout
    assert rules
    try:
        with made(host, "systemctl start firewalld", "systemctl stop firewalld"):
            host.run("sh", "-c", rules)
            restart_docker(work)
            soon(lambda: [] == found(doctor(work.project)[1]))
            host.run("firewall-cmd", "--reload")
            _, told = doctor(work.project)
            restart_docker(work)
            soon(lambda: [] == found(doctor(work.project)[1]))
    finally:
        restart_docker(work)

    assert "docker-chains" in {each["id"] for each in told["findings"]}
    assert {host.name} == {each["host"] for each in told["findings"]}
    assert all(each["remedy"].split(": ")[-1].startswith("restart docker there") for each in told["findings"])
