"""`swarmnet discover`: a stack file for a swarm that somebody else made."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
import yaml

from cli.entry import Bastion, KeyFile, KnownHosts, Reach, Sudo, entry
from cli.files import write
from cli.lines import asking, errors_end_command, print_line
from cli.project import owner
from cli.stack_files import all_of
from providers.discovery.found import Found, Remark
from providers.discovery.leave_out import left_out, mended, outside, path_of, unclaimed, without
from providers.discovery.sections import sections
from providers.discovery.text import stack_file_text
from providers.hosts.discovery import found as read
from providers.loop.forecasts import forecasts
from providers.rules.plan import plan_of
from providers.rules.stack_file.problems import Raw
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.stack_file.resolved import Resolved
from providers.rules.stack_file.yaml_text import BoundedLoader
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.snapshot import Snapshot
from providers.rules.vocabulary.words import some
from providers.simulate.from_snapshot import copied

COLOURS = {"clash": "red", "not seen": "yellow", "unusual": "yellow", "not managed": ""}


def discover(
    manager: Annotated[str, typer.Argument(metavar="MANAGER", help="ssh://[USER@]HOST[:PORT], or local:")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write: …/Pulumi.STACK.yaml.")],
    key_file: KeyFile = None,
    known_hosts: KnownHosts = None,
    sudo: Sudo = False,
    bastion: Bastion = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Read a whole swarm from one of its managers, and write the stack file that takes it over. Writes to no host.

    The other members are reached with the same settings. What was not seen, what is unusual, what clashes and what
    others look after stands in the file as comments. Exits with 1, and writes nothing, if there is a problem.
    """
    with errors_end_command():
        stack, kept = _stack(out), _kept(out, force)
        owned = owner(out.parent, stack)
        first = entry(manager, Reach(key_file, known_hosts, sudo, bastion))
        with asking(f"{manager} and the members of its swarm"):
            swarm = read(first)
    others = {name: each.resolved for name, each in all_of(out.parent)[0].items() if name != stack}
    raw, remarks = file_of(swarm, owned, others)
    text = stack_file_text({**raw, **kept[0]}, remarks, _heading(swarm, stack), kept[1], routes(swarm))
    with errors_end_command():  # also if somebody has written it meanwhile
        write(out, text, new=not force)
    print_line(f"{out}: {', '.join(key for key in raw if key != 'ssh')}", "green")
    for each in remarks:
        print_line(f"{each.kind}: {each.line}", COLOURS[each.kind])
    print_line(f"next: `pulumi stack init {stack}`, `pulumi preview --stack {stack}`: it shows only creates")


def file_of(found: Found, owner: str, others: Mapping[str, Resolved]) -> tuple[Raw, list[Remark]]:
    """Return the sections that can be taken over as they are, and remarks, those of a trial on a simulated copy too.

    `owner`: `<project>/<stack>`. `others`: the stack files that are there already.
    """
    raw, section_remarks = sections(found, owner)
    raw, claimed = unclaimed(raw, others)
    raw, clashing = mended(raw, [each.subnet for each in found.taken if not each.wide])
    remarks = [*section_remarks, *claimed, *clashing, *outside(raw, found, owner)]
    try:
        raw, changed = _as_it_is(raw, found, owner)
    except StackFileError:  # each problem of the file is a remark already
        return raw, remarks
    return raw, [*remarks, *changed]


def routes(found: Found) -> dict[str, str]:
    """Return the routes of hosts, each with the hosts that have it and by which link."""
    by_subnet: dict[str, list[str]] = {}
    for each, hosts in found.taken.items():
        if each.kind == "route":
            by_subnet.setdefault(each.subnet, []).append(f"{each.words} of {some(hosts)}")
    return {subnet: "; ".join(words) for subnet, words in by_subnet.items()}


def _as_it_is(raw: Raw, found: Found, owner: str) -> tuple[Raw, list[Remark]]:
    """Return the sections without what `pulumi up` would not take over as it is, by a trial on a simulated copy.

    Raises StackFileError if the sections make no plan.
    """
    hosts = tuple(member.host for member in found.reached if member.host)
    sim = copied(Snapshot(hosts=hosts, swarm=found.swarm))
    plan, remarks = plan_of(raw, owner), list[Remark]()
    while bad := next((each for each in forecasts(plan, {}, sim) if each.problem or each.stages), None):
        path = path_of(raw, bad.resource)
        doing = bad.problem or "; ".join(stage.doing for stage in bad.stages)
        line = f"`pulumi up` would not take {bad.resource} over as it is ({doing})"
        try:
            less = without(raw, path)
            plan = plan_of(less, owner)
        except StackFileError:  # it can't be left out, such as the only host
            return raw, [*remarks, Remark("unusual", path[0], line)]
        remarks.append(Remark("unusual", path[0], f"{line}: {left_out(raw, path)}"))
        raw = less
    return raw, remarks


def _stack(out: Path) -> str:
    """Return the stack's name in that of its file. Raises StackFileError if Pulumi would not find it."""
    named = re.fullmatch(r"Pulumi\.([\w.-]+)\.yaml", out.name)
    if not named or not out.parent.is_dir():
        raise StackFileError([f"{out}: should be Pulumi.STACK.yaml in a folder that is there, such as stacks/"])
    return named[1]


def _kept(out: Path, force: bool) -> tuple[Raw, Raw]:
    """Return what stays of a file that is written over: under `config`, and beside it (Pulumi's own salt).

    Raises StackFileError if there is a file and `force` is not given.
    """
    if not out.exists():
        return {}, {}
    if not force:
        raise StackFileError([f"{out}: is there already: choose another name, or --force to write in its place"])
    try:
        document = yaml.load(out.read_text(), BoundedLoader) or {}
        config = document.pop("config", None) or {}
        ours = f"{NAMESPACE}:"
        return {key: value for key, value in config.items() if ":" in key and not key.startswith(ours)}, document
    except (yaml.YAMLError, AttributeError, UnicodeDecodeError, RecursionError) as error:
        raise StackFileError([f"{out}: is not a stack file, so it is not overwritten: choose another name"]) from error


def _heading(found: Found, stack: str) -> list[str]:
    """Return the comment at the top of the file."""
    return [
        f"Swarm {found.swarm.settings.id} as `swarmnet discover` found it: {len(found.members)} members, "
        f"{len(found.reached)} of them reached.",
        f"`pulumi up --stack {stack}` takes over what is declared here as long as it is the same on the hosts, and "
        "`pulumi destroy` removes it from the state only; neither writes to a host for that. What is changed here is "
        "changed there.",
    ]
