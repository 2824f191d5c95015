"""`swarmnet recover`: a swarm that has lost the majority of its managers goes on with the newest that is left."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.facts import facts_in
from cli.lines import asking, errors_end_command, print_error, print_line, so_many
from cli.project import owner, short
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory, declared
from cli.state import state_of
from providers.explain.facts_file import FactsFile
from providers.hosts.audit import author_of
from providers.hosts.hosts_api import Hosts
from providers.loop.forecasts import State
from providers.loop.reconcile import work
from providers.rules import recovery
from providers.rules.plan import Plan
from providers.rules.recovery import Former
from providers.rules.stack_file.access import addresses
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.errors import Blocked, NoQuorum
from providers.rules.vocabulary.facts import ManagerLog, NodeFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import NodeSpec
from providers.rules.vocabulary.steps import Blocked as Refusal
from providers.rules.vocabulary.words import some


def recover(
    stack: Stack,
    directory: Directory = STACKS,
    newest: Annotated[
        str,
        typer.Option("--newest", metavar="HOST", help="The manager to go on with, if no log tells which is newest."),
    ] = "",
    facts: Annotated[
        Path | None,
        typer.Option(
            "--facts", metavar="FILE", help="The last file of `swarmnet facts`: says what is missing afterwards."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Let a swarm whose managers have lost their majority go on with the one whose log is the newest.

    Each manager that does not answer has to be `lost: true` in the stack file. The other members find it by themselves,
    or leave and join again. It says what that means and asks before it writes. A run
    that was cut is finished by the same command.
    """
    with errors_end_command(stack):
        desired, resolved = declared(directory, stack)
        state, known_before = state_of(stack, directory), facts_before(stack, facts)
        former = former_of(desired, resolved, state)
        hosts = Hosts(desired.access, resolved.roles).audited(
            author_of("recover", owner(directory, stack)) if resolved.file.audit else "", print_error
        )
        with asking(so_many(len(desired.access))):
            chosen, words = decided(hosts, former, newest)
        for text in (*words, *known_words(known_before)):
            print_line(text)
        if not yes:
            typer.confirm("Go on?", abort=True)
        recovered(hosts, former, chosen, print_line)
        for text in missing(hosts, known_before):
            print_line(text, typer.colors.YELLOW)
    print_line(f"now run `pulumi up --refresh --stack {short(stack)}`, which removes what is lost from swarm and state")


def facts_before(stack: str, path: Path | None) -> FactsFile | None:
    """Return the facts that were taken before the loss, if there are any. Raises OSError and NoFacts."""
    return facts_in([path], {short(stack)})[short(stack)] if path else None


def former_of(desired: Plan, resolved: Resolved, state: State) -> Former:
    """Return the swarm before the loss. Raises Blocked if the stack does not declare it."""
    if desired.swarm is None:
        raise Blocked(
            "the stack file has no section swarm, so it does not say who is a manager: `docker swarm init "
            "--force-new-cluster` on the manager to go on with, by hand"
        )
    ids = {spec.host: known["node_id"] for spec, known in state.values() if isinstance(spec, NodeSpec)}
    lost = {name: addresses(resolved.access[name]) for name in resolved.lost}
    return Former(swarm=desired.swarm, nodes=desired.nodes, node_ids=ids, lost=lost)


def decided(hosts: HostsApi, former: Former, named: str) -> tuple[ManagerLog | None, list[str]]:
    """Return the manager to go on with, None if a run that was cut has seen to that, and what it means, in words.

    Raises Blocked.
    """
    try:
        facts = hosts.swarm()
    except NoQuorum as problem:  # while a manager that thought itself their leader learns that it is not
        raise Blocked(
            f"the managers are just losing their leader: type it again in half a minute ({problem})"
        ) from None
    if recovery.is_unfinished(former, facts):
        return None, ["a recovery was cut: members that are left behind leave and join again"]
    members = recovery.candidates(former, facts)
    if isinstance(members, Refusal):
        raise Blocked(members.reason)
    logs = hosts.manager_logs(member.host for member in members)
    chosen = recovery.newest(logs, named)
    refusal = chosen if isinstance(chosen, Refusal) else recovery.autolock_refusal(former, chosen)
    if isinstance(chosen, Refusal) or refusal:
        raise Blocked(refusal.reason if refusal else "")
    return chosen, list(meaning(former, chosen, logs))


def meaning(former: Former, chosen: ManagerLog, logs: Iterable[ManagerLog]) -> Iterator[str]:
    """Say what is about to happen, and what may be lost."""
    others = [log.host for log in logs if log.host != chosen.host]
    yield f"last entries of the managers' logs: {recovery.describe_logs(logs)}"
    yield f"{chosen.host} becomes the only manager of the swarm, with what its log has"
    stay = "; one that has not after 60 s leaves, which ends the containers of its tasks, and joins again"
    yield f"{some([*others, 'all workers'])} stay, and their tasks run on, until they find it by themselves{stay}"
    yield (
        "lost: what the swarm was told in its last seconds and only the lost managers have, such as new services, "
        "networks, secrets and nodes"
    )
    if former.lost:
        yield (
            f"{some(sorted(former.lost))}: must not come back as they are: a majority of former managers would be a "
            "second swarm; run `docker swarm leave --force` there before they are connected"
        )


def known_words(known: FactsFile | None) -> Iterator[str]:
    """Say what the last facts know, to compare with."""
    if known:
        yield f"facts of {known.taken_at:%Y-%m-%d %H:%M}: services {some(services(known), 20) or 'none'}"


def services(known: FactsFile) -> list[str]:
    """Return the names of services in a facts file."""
    return sorted({each.name for network in known.networks.values() for each in network.services})


def recovered(hosts: HostsApi, former: Former, chosen: ManagerLog | None, progress: Callable[[str], None]) -> None:
    """Do it: one manager alone, then one member after the other, managers first. Raises SwarmnetError.

    A worker that does not answer finds the swarm by itself once it is back.
    """
    if chosen:
        work(hosts, "swarm", former.swarm.timeout, progress, hosts.swarm, recovery.go_on_alone(former, chosen))
    reached = {member.host for member in hosts.swarm().members}
    for spec in sorted(former.nodes, key=lambda spec: spec.role != "manager"):
        if spec.host not in reached:
            progress(f"{spec.host}: it does not answer, and is left as it is")
            continue
        decide = recovery.bring_back(spec, {"node_id": former.node_ids.get(spec.host, "")})
        seconds = spec.timeout + 3 * recovery.FOUND
        work(hosts, spec.resource_name, seconds, progress, partial(with_tasks, hosts, spec.host), decide)


def with_tasks(hosts: HostsApi, host: str) -> NodeFacts:
    """Return a member's facts, also what runs on it."""
    return replace(hosts.node(host), tasks=hosts.node(host, leaving=True).tasks)


def missing(hosts: HostsApi, known: FactsFile | None) -> Iterator[str]:
    """Name what the last facts have and the swarm has no more."""
    if known is None:
        return
    there = {service.name for service in hosts.workload()[0]}
    if gone := [name for name in services(known) if name not in there]:
        yield f"missing since the facts were taken: services {some(gone, 20)}: deploy them again"
