"""The commands of `lab/hosts`: what they take, and what they print."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict

from lab import engine_api, engines, group, host, machine, network, state
from lab.shell import LabError
from lab.state import Record

_FAULTS = ("cut", "heal", "kill-docker", "stop-docker", "start-docker")


def main(words: list[str]) -> None:
    """Run one command; a LabError ends it with one line and exit code 1."""
    arguments = _parser().parse_args(words)
    try:
        if os.geteuid():
            raise LabError("not root: namespaces and mounts need it: run as root")
        arguments.run(arguments)
    except LabError as error:
        sys.exit(f"lab/hosts: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab/hosts", description="Real Docker hosts on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    def group_option(added: argparse.ArgumentParser, default: str | None) -> None:
        added.add_argument("--group", default=default, help=f"default: {default or 'all'}")

    setup = command("setup", _setup, "install what the lab needs and fetch Engines")
    setup.add_argument("--engine", action="append", help=f"repeatable; default: {engines.DEFAULT}")
    up = command("up", _up, "start hosts; those that run already are left alone")
    up.add_argument("count", nargs="?", type=int, help="default: 3, or as many as Engines are named")
    up.add_argument("--engine", default=engines.DEFAULT, help="one for all hosts, or one for each: 28,26,28")
    group_option(up, network.DEFAULT_GROUP)
    group_option(command("down", _down, "end hosts and remove all that is theirs"), None)
    group_option(
        command("reset", _reset, "put new, bare hosts in the place of those that run"), network.DEFAULT_GROUP
    )
    ssh = command("ssh", _ssh, "log in as root, or run a command")
    ssh.add_argument("name")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    listing = command("list", _list, "what runs")
    listing.add_argument("--json", action="store_true")
    group_option(
        command("stack", _stack, "print the hosts as sections of a stack file"), network.DEFAULT_GROUP
    )
    group_option(command("image", _image, "import the image busybox:lab on each host"), network.DEFAULT_GROUP)
    fault = command("fault", _fault, "pull a host's cable, or end its Docker; and back")
    fault.add_argument("name")
    fault.add_argument("fault", choices=_FAULTS)
    return parser


def _setup(arguments: argparse.Namespace) -> None:
    _provide(arguments.engine or [engines.DEFAULT])


def _provide(names: list[str]) -> None:
    lacking = [name for name in dict.fromkeys(names) if not engines.is_there(name)]
    packages = machine.missing_packages()
    if packages:
        machine.install(packages)
    for name in lacking:
        engines.fetch(name)


def _up(arguments: argparse.Namespace) -> None:
    names = wanted_engines(arguments.count, arguments.engine.split(","))
    _provide(names)
    print(_table(group.start(arguments.group, names)))


def wanted_engines(count: int | None, names: list[str]) -> list[str]:
    """Each host's Engine, for so many hosts and these names; LabError where the two do not fit."""
    if len(names) == 1:
        return names * (3 if count is None else count)
    if count not in (None, len(names)):
        raise LabError(f"{count} hosts, {len(names)} Engines: name one Engine, or one for each host")
    return names


def _down(arguments: argparse.Namespace) -> None:
    group.end(arguments.group)


def _reset(arguments: argparse.Namespace) -> None:
    group.reset(arguments.group)


def _ssh(arguments: argparse.Namespace) -> None:
    options = (
        "BatchMode=yes",
        "LogLevel=ERROR",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={state.KNOWN_HOSTS}",
    )
    flags = [word for option in options for word in ("-o", option)]
    record = _running(arguments.name)
    sys.stdout.flush()
    os.execvp(
        "ssh", ["ssh", "-F", "none", "-i", str(state.KEY), *flags, f"root@{record.address}", *arguments.words]
    )


def _list(arguments: argparse.Namespace) -> None:
    records = list(state.load().values())
    if arguments.json:
        print(json.dumps([asdict(record) | _condition(record) for record in records], indent=2))
    elif records:
        print(_table(records))


def _condition(record: Record) -> dict[str, bool]:
    return {"cut": network.is_cut(record.name), "docker": engine_api.answers(record)}


def _table(records: list[Record]) -> str:
    rows = [("HOST", "ADDRESS", "ENGINE", "CABLE", "DOCKER")]
    for record in records:
        condition = _condition(record)
        cable, docker = "cut" if condition["cut"] else "ok", "answers" if condition["docker"] else "silent"
        rows.append((record.name, record.address, record.engine, cable, docker))
    return "\n".join(
        f"{name:<6}{address:<16}{engine:<8}{cable:<7}{docker}"
        for name, address, engine, cable, docker in rows
    )


def _stack(arguments: argparse.Namespace) -> None:
    print("config:\n  swarmnet:hosts:")
    for number, record in enumerate(group.of_group(arguments.group, state.load())):
        role = "manager" if number == 0 else "worker"
        print(f"    {record.name}: {{address: {record.address}, role: {role}}}")
    print(f"  swarmnet:ssh: {{user: root, key_file: {state.KEY}, known_hosts: {state.KNOWN_HOSTS}}}")


def _image(arguments: argparse.Namespace) -> None:
    content = engine_api.busybox_root()
    group.at_once(
        lambda record: engine_api.import_image(record, content), group.of_group(arguments.group, state.load())
    )


def _fault(arguments: argparse.Namespace) -> None:
    record = _running(arguments.name)
    match arguments.fault:
        case "cut":
            network.cut(record.name)
        case "heal":
            network.heal(record.name)
        case "kill-docker":
            host.run_in(record, "sh", "-c", "kill -9 $(cat /run/docker.pid)")
        case "stop-docker":
            host.run_in(record, "service", "docker", "stop")
        case "start-docker":
            host.run_in(record, "service", "docker", "start")
            host.wait_docker(record)


def _running(name: str) -> Record:
    records = state.load()
    if name not in records:
        raise LabError(f"host {name}: does not run: running are {', '.join(records) or 'none'}")
    return records[name]
