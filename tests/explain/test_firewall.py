"""Rules in the words of each firewall, held against the real programs if this machine has them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from providers.explain.firewall import script
from providers.rules.doctor.ports import HostRules, Opening

FOUR, SIX = ("10.9.0.2", "10.9.0.3"), "fd00::4"
RULES = HostRules(
    host="m1",
    openings=(
        Opening(protocol="tcp", port=2377, sources=(*FOUR, SIX)),
        Opening(protocol="udp", port=4789, sources=FOUR),
        Opening(protocol="esp", port=None, sources=FOUR[:1]),
    ),
)
ALONE = HostRules(host="m1", openings=(Opening(protocol="tcp", port=2377, sources=()),))
EVERY = ("nftables", "iptables", "ufw", "firewalld", "aws")
each = pytest.mark.parametrize("rules", [RULES, ALONE], ids=["three members", "one member"])


def fed(text: str) -> list[tuple[list[str], str]]:
    """The commands of a script that are fed something, and what."""
    return [(words.split(), given) for words, given in re.findall(r"^([^\n]*) <<'END'\n(.*?)^END$", text, re.M | re.S)]


def accepted(command: list[str], given: str) -> None:
    """Let the real program check what it would be fed, in a network of its own."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not on this machine")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a network namespace of one's own takes root")
    done = subprocess.run(["unshare", "--net", *command], input=given, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("firewall", EVERY)
def test_shell_understands_it(firewall):
    """The script parses, whatever it would run."""
    text = script(firewall, [RULES, ALONE])
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


@each
@pytest.mark.parametrize(
    ("firewall", "number", "check"),
    [("nftables", 0, ["nft", "--check", "-f", "-"]), ("iptables", 0, ["--test"]), ("iptables", 1, ["--test"])],
    ids=["nft", "iptables", "ip6tables"],
)
def test_real_program_understands_it(rules, firewall, number, check):
    """All that is fed to it, by its own check."""
    command, given = fed(script(firewall, [rules]))[number]

    assert firewall == "iptables" or ["nft", "-f", "-"] == command
    accepted(check if firewall == "nftables" else [*command, *check], given)


def test_nftables_opens_then_closes():
    """The host itself is left to the other rules."""
    rules = [line.removeprefix("add rule inet filter swarmnet ") for line in script("nftables", [RULES]).splitlines()]

    assert [
        "iif lo return",
        "ip saddr { 10.9.0.2, 10.9.0.3 } tcp dport 2377 accept",
        "ip6 saddr { fd00::4 } tcp dport 2377 accept",
        "ip saddr { 10.9.0.2, 10.9.0.3 } udp dport 4789 accept",
        "ip saddr { 10.9.0.2 } meta l4proto esp accept",
        "tcp dport { 2377 } drop",
        "udp dport { 4789 } drop",
    ] == rules[rules.index("iif lo return") : rules.index("END")]


def test_iptables_opens_then_closes_in_both_families():
    """It closes also if no member has an address of the other family: the Engine listens there too."""
    four, six = (given.splitlines() for _, given in fed(script("iptables", [RULES])))
    closed = ["-A SWARMNET -p tcp --dport 2377 -j DROP", "-A SWARMNET -p udp --dport 4789 -j DROP"]

    assert [
        "-A SWARMNET -i lo -j RETURN",
        "-A SWARMNET -s 10.9.0.2 -p tcp --dport 2377 -j ACCEPT",
        "-A SWARMNET -s 10.9.0.3 -p tcp --dport 2377 -j ACCEPT",
        "-A SWARMNET -s 10.9.0.2 -p udp --dport 4789 -j ACCEPT",
        "-A SWARMNET -s 10.9.0.3 -p udp --dport 4789 -j ACCEPT",
        "-A SWARMNET -s 10.9.0.2 -p esp -j ACCEPT",
        *closed,
    ] == four[2:-1]
    opened = "-A SWARMNET -s fd00::4 -p tcp --dport 2377 -j ACCEPT"
    assert ["-A SWARMNET -i lo -j RETURN", opened, *closed] == six[2:-1]


def test_ufw_ends_with_what_is_closed():
    """Each rule is put before those that are there."""
    assert [
        "ufw prepend deny proto tcp to any port 2377",
        "ufw prepend deny proto udp to any port 4789",
        "ufw prepend allow proto tcp from 10.9.0.2 to any port 2377",
        "ufw prepend allow proto tcp from 10.9.0.3 to any port 2377",
        "ufw prepend allow proto tcp from fd00::4 to any port 2377",
        "ufw prepend allow proto udp from 10.9.0.2 to any port 4789",
        "ufw prepend allow proto udp from 10.9.0.3 to any port 4789",
        "ufw prepend allow proto esp from 10.9.0.2 to any",
    ] == script("ufw", [RULES]).splitlines()[1:]


def test_firewalld_is_told_twice():
    """For now and for later, without the reload that takes Docker's chains away; what closes comes after what opens."""
    now, later = script("firewalld", [RULES]).removeprefix("# m1\n").replace("\\\n", "").splitlines()
    rules = re.findall("--add-rich-rule='rule (.*?)'", now)

    assert [
        'priority="-200" family="ipv4" source address="10.9.0.2" port port="2377" protocol="tcp" accept',
        'priority="-200" family="ipv6" source address="fd00::4" port port="2377" protocol="tcp" accept',
        'priority="-200" family="ipv4" source address="10.9.0.2" protocol value="esp" accept',
        'priority="-100" port port="2377" protocol="tcp" drop',
        'priority="-100" port port="4789" protocol="udp" drop',
    ] == [rules[at] for at in (0, 2, 5, 6, 7)]
    assert (8, now.replace("firewall-cmd", "firewall-cmd --permanent")) == (len(rules), later)
    assert "reload" not in now


def test_aws_opens_alone():
    """A security group is closed to all that it does not name."""
    found = json.loads(script("aws", [RULES]).partition("--ip-permissions '")[2].partition("'")[0])
    four = [{"CidrIp": "10.9.0.2/32"}, {"CidrIp": "10.9.0.3/32"}]
    six = [{"CidrIpv6": "fd00::4/128"}]

    assert [
        {"IpProtocol": "tcp", "FromPort": 2377, "ToPort": 2377, "IpRanges": four, "Ipv6Ranges": six},
        {"IpProtocol": "udp", "FromPort": 4789, "ToPort": 4789, "IpRanges": four},
        {"IpProtocol": "50", "IpRanges": four[:1]},
    ] == found


def test_loading_twice_leaves_one_jump(tmp_path: Path):
    """The script of iptables may run again, also with other members."""
    text = script("iptables", [RULES])
    accepted(["iptables-restore", "--test"], fed(text)[0][1])
    saved = "iptables-save | grep -c -- '-A INPUT -j SWARMNET'; iptables-save | grep -c -- '-A SWARMNET'"
    (tmp_path / "twice").write_text(f"{text}\n{script('iptables', [ALONE])}\n{saved}\n")

    done = subprocess.run(["unshare", "--net", "sh", tmp_path / "twice"], capture_output=True, text=True, check=False)

    assert ["1", "2"] == done.stdout.split()
