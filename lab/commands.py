"""The commands of `lab/hosts`: what they take, and what they print."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeAlias

from lab import access, engine_api, engines, group, host, machine, network, state
from lab.shell import LabError
from lab.state import Record

Command = Callable[[argparse.Namespace], None]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_FAULTS = ("cut", "heal", "kill-docker", "stop-docker", "start-docker", "slow-docker", "start-limit")


def main(words: list[str]) -> None:
    """Run one command of `lab/hosts`."""
    carry_out(_parser(), words)


def carry_out(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Run one command; what goes wrong ends it with one line and exit code 1."""
    arguments, name = parser.parse_args(words), parser.prog
    try:
        if os.geteuid():
            raise LabError("not root: namespaces, mounts and cables need it: run as root")
        arguments.run(arguments)
    except LabError as error:
        sys.exit(f"{name}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{name}: interrupted: the same command goes on from here, `{name} down` clears up")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab/hosts", description="Real Docker hosts on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run: Command, group: str | None = None) -> argparse.ArgumentParser:
        added = add_command(commands, run)
        if group:
            added.add_argument("--group", default=group, type=_group, help=f"one to eight letters; default: {group}")
        return added

    setup = command(_setup)
    setup.add_argument("--engine", action="append", help=f"repeatable; default: {engines.DEFAULT}")
    up = command(_up, network.DEFAULT_GROUP)
    up.add_argument("count", nargs="?", type=int, help="default: 3, or as many as Engines are named")
    up.add_argument("--engine", default=engines.DEFAULT, help="one for all hosts, or one for each: 28,26,28")
    command(_down).add_argument("--group", type=_group, help="default: all")
    command(_reset, network.DEFAULT_GROUP)
    ssh = command(_ssh)
    ssh.add_argument("name")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    command(_list).add_argument("--json", action="store_true")
    command(_stack, network.DEFAULT_GROUP)
    command(_image, network.DEFAULT_GROUP)
    fault = command(_fault)
    fault.add_argument("name")
    fault.add_argument("fault", choices=_FAULTS)
    fault.add_argument("seconds", nargs="?", type=float, help="for slow-docker: how much longer a start takes")
    return parser


def add_command(commands: Commands, run: Command) -> argparse.ArgumentParser:
    """Return a command with the name of a function, which is run for it, and its docstring as help."""
    added = commands.add_parser(run.__name__.strip("_"), help=run.__doc__, description=run.__doc__)
    added.set_defaults(run=run)
    return added


def _group(name: str) -> str:
    if name == network.VM_GROUP:
        raise argparse.ArgumentTypeError(f"{name} are virtual machines: use `lab/vms`")
    return name


def _setup(arguments: argparse.Namespace) -> None:
    """Install the packages the lab needs and fetch Engines; does nothing if they are there."""
    _provide(arguments.engine or [engines.DEFAULT])


def _provide(names: list[str]) -> None:
    machine.refuse_other_release()
    lacking = [name for name in dict.fromkeys(names) if not engines.is_there(name)]
    packages = machine.missing_packages()
    if packages:
        machine.install(packages, "for the hosts of the lab, which run them")
    for name in lacking:
        engines.fetch(name)


def _up(arguments: argparse.Namespace) -> None:
    """Start hosts; those that run already are kept, and their faults mended."""
    names = wanted_engines(arguments.count, arguments.engine.split(","))
    _provide(names)
    print(_table(group.start(arguments.group, names)))


def wanted_engines(count: int | None, names: list[str]) -> list[str]:
    """Return each host's Engine, for so many hosts and these names; LabError if the two do not fit."""
    if len(names) == 1:
        return names * (3 if count is None else count)
    if count not in (None, len(names)):
        raise LabError(f"{count} hosts, {len(names)} Engines: name one Engine, or one for each host")
    return names


def _down(arguments: argparse.Namespace) -> None:
    """End hosts and leave nothing of theirs."""
    group.end(arguments.group)


def _reset(arguments: argparse.Namespace) -> None:
    """Put new, bare hosts in the place of those that run."""
    group.reset(arguments.group)


def _ssh(arguments: argparse.Namespace) -> None:
    """Log in as root, or run a command."""
    record = _running(arguments.name)
    os.execvp("ssh", access.ssh(record, *arguments.words))


def _list(arguments: argparse.Namespace) -> None:
    """Show the hosts that run."""
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
    return "\n".join("{:<6}{:<16}{:<8}{:<7}{}".format(*row) for row in rows)


def _stack(arguments: argparse.Namespace) -> None:
    """Print the hosts as sections of a stack file."""
    print_sections(group.of_group(arguments.group, state.load()))


def print_sections(records: list[Record]) -> None:
    """Print hosts as sections of a stack file, the first one as manager."""
    print("config:\n  swarmnet:hosts:")
    for number, record in enumerate(records):
        role = "manager" if number == 0 else "worker"
        print(f"    {record.name}: {{address: {record.address}, role: {role}}}")
    print(f"  swarmnet:ssh: {{user: root, key_file: {state.KEY}, known_hosts: {state.KNOWN_HOSTS}}}")


def _image(arguments: argparse.Namespace) -> None:
    """Import the image busybox:lab on each host."""
    records = group.of_group(arguments.group, state.load())
    content = engine_api.busybox_root()
    group.at_once(lambda record: engine_api.import_image(record, content), records)


def _fault(arguments: argparse.Namespace) -> None:
    """Pull a host's cable, end its Docker, or change how that starts; and back."""
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
            host.start_docker(record)
        case "slow-docker":
            if arguments.seconds is None:
                raise LabError("slow-docker: lacks the seconds by which a start takes longer, 0 for none")
            host.slow_docker(record, arguments.seconds)
        case "start-limit":
            host.limit_starts(record)


def _running(name: str) -> Record:
    return named(name, state.load())


def named(name: str, records: dict[str, Record]) -> Record:
    """Return the host of that name among those that run; LabError if there is none."""
    if name not in records:
        raise LabError(f"host {name}: does not run: running are {', '.join(records) or 'none'}")
    return records[name]
