"""The commands of `lab/vms`: what they take, and what they print."""

from __future__ import annotations

import argparse
import os

from lab import access, group, host, network, state, vm, vm_image
from lab.commands import Command, add_command, carry_out, named, print_sections
from lab.shell import LabError, told
from lab.state import Record, Wanted

_COUNT = 3


def main(words: list[str]) -> None:
    """Run one command of `lab/vms`."""
    carry_out(_parser(), words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab/vms", description="Virtual machines with Docker on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run: Command) -> argparse.ArgumentParser:
        return add_command(commands, run)

    command(_build)
    command(_up).add_argument("count", nargs="?", type=int, default=_COUNT, help=f"default: {_COUNT}")
    command(_down)
    command(_list)
    command(_stack)
    ssh = command(_ssh)
    ssh.add_argument("name")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    command(_image)
    return parser


def _build(_: argparse.Namespace) -> None:
    """Install the packages that virtual machines need and build their image; does nothing if they are there."""
    vm_image.provide()


def _up(arguments: argparse.Namespace) -> None:
    """Start virtual machines; those that run already are kept."""
    vm_image.provide()
    with state.locked():
        records = state.load(state.VMS)
        addresses = network.addresses(network.VM_GROUP, arguments.count, {})
        missing = [name for name in addresses if name not in records]
        access.make_key(state.KEY)
        network.lay_bridge()
        wanted = [Wanted(name, network.VM_GROUP, addresses[name], vm.ENGINE) for name in missing]
        fresh = group.at_once(vm.NewVm, wanted)
        records |= {new.record.name: new.record for new in fresh}
        state.save(records, state.VMS)
        group.at_once(vm.NewVm.release, fresh)
    asked_for = [records[name] for name in addresses]
    with told(f"waiting for docker on {', '.join(addresses)}"):
        group.at_once(vm.wait_ready, asked_for)
    _print_table(asked_for)


def _down(_: argparse.Namespace) -> None:
    """End virtual machines and leave nothing of theirs but the image."""
    with state.locked():
        group.at_once(host.end, state.load(state.VMS).values())
        for name in network.addresses(network.VM_GROUP, network.MOST, {}):
            vm.remove(name)
            access.forget_key(name)
        state.save({}, state.VMS)
        group.close_up()


def _list(_: argparse.Namespace) -> None:
    """Show the virtual machines that run."""
    records = list(state.load(state.VMS).values())
    if records:
        _print_table(records)


def _print_table(records: list[Record]) -> None:
    rows = [("HOST", "ADDRESS", "ENGINE", "DOCKER")]
    states = group.at_once(vm.docker_state, records)
    rows += [(each.name, each.address, each.engine, docker) for each, docker in zip(records, states, strict=True)]
    print("\n".join("{:<6}{:<16}{:<8}{}".format(*row) for row in rows))


def _stack(_: argparse.Namespace) -> None:
    """Print the virtual machines as sections of a stack file."""
    print_sections(_all())


def _ssh(arguments: argparse.Namespace) -> None:
    """Log in as root, or run a command."""
    os.execvp("ssh", access.ssh(named(arguments.name, state.load(state.VMS)), *arguments.words))


def _image(_: argparse.Namespace) -> None:
    """Import the image busybox:lab on each virtual machine."""
    group.at_once(vm.import_image, _all())


def _all() -> list[Record]:
    records = list(state.load(state.VMS).values())
    if not records:
        raise LabError("no virtual machine runs: start some with `lab/vms up`")
    return records
