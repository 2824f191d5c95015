"""`swarmnet privileges`: what each command asks of a stack's hosts, and a program that lets a key only read."""

import shlex
from typing import Annotated

import typer

from cli.lines import errors_end_command, print_data, print_line, print_text
from cli.stack_argument import AsJson, Stack
from cli.stack_files import STACKS, Directory, declared
from providers.hosts.privileges import JOBS, Job, read_only_program, with_prepare


def privileges(
    stack: Stack,
    directory: Directory = STACKS,
    as_json: AsJson = False,
    program: Annotated[
        bool, typer.Option("--filter", help="Print the program for sshd's `command=`, which lets a key only read.")
    ] = False,
) -> None:
    """Say what each command asks of hosts: paths of the Engine's API, and commands. Reaches no host.

    With --filter it prints the program that lets drift, facts, plan and doctor read, and refuses everything else.
    """
    with errors_end_command(stack):
        desired, _ = declared(directory, stack)
    if program:
        print_text(read_only_program())
        return
    jobs = {**JOBS, "up": with_prepare(JOBS["up"])} if desired.commands else JOBS
    if as_json:
        data = {name: {"api": job.api, "commands": _rows(job)} for name, job in jobs.items()}
        print_data({"jobs": data, "sudo": sorted(name for name, access in desired.access.items() if access.sudo)})
        return
    for name, job in jobs.items():
        print_line(name)
        for each in (*job.api, *map(shlex.join, job.commands), *(f"{shlex.join(each)} (root)" for each in job.as_root)):
            print_line(f"  {each}")


def _rows(job: Job) -> list[dict[str, object]]:
    """Return its commands as data."""
    every = [(each, False) for each in job.commands] + [(each, True) for each in job.as_root]
    return [{"command": shlex.join(words), "root": root} for words, root in every]
