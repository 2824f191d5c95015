"""`swarmnet backup`: what a manager keeps of its swarm, as an encrypted archive on this machine."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.lines import asking, errors_end_command, print_error, print_line, so_many
from cli.project import owner, short
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory, declared
from providers.hosts.archive import refuse_unusable
from providers.hosts.audit import author_of
from providers.hosts.hosts_api import Hosts
from providers.loop.reconcile import work
from providers.rules import backup as rules
from providers.rules.live.maintenance import is_out_of_service
from providers.rules.plan import Plan
from providers.rules.vocabulary.digest import digest_of
from providers.rules.vocabulary.errors import Blocked, HostError
from providers.rules.vocabulary.facts import GwbridgeFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import GwbridgeSpec
from providers.rules.vocabulary.steps import Archive
from providers.rules.vocabulary.steps import Blocked as Refusal

SpecOf = Callable[[str], GwbridgeSpec]


def backup(
    stack: Stack,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FOLDER", help="Where the archive comes."),
    ],
    directory: Directory = STACKS,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="KEY", help="Public key of `age` of who can decrypt it; repeatable."),
    ] = None,
    recipients_file: Annotated[
        Path | None,
        typer.Option("--recipients-file", metavar="FILE", help="A file of such keys."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Write an archive of the swarm, encrypted by `age`: its settings, services, secrets, keys and certificates.

    One manager that is not the leader is drained, its docker stopped and started again, and given back: it takes three
    managers. It asks before. A run that was cut is finished by the same command, and by `pulumi up --refresh`.
    """
    with errors_end_command(stack):
        recipients = words_of_age(recipient or [], recipients_file)
        refuse_unusable(recipients)
        if not os.access(out, os.W_OK | os.X_OK):
            raise Blocked(f"{out}: no folder that you may write to: make it, or name another (--out)")
        desired, resolved = declared(directory, stack)
        hosts = Hosts(desired.access, resolved.roles).audited(
            author_of("backup", owner(directory, stack)) if resolved.file.audit else "", print_error
        )
        spec_of = partial(spec_on, desired, owner(directory, stack))
        with asking(so_many(len(desired.access))):
            left = left_behind(hosts, desired.access)
        for host in left:
            go_on([f"{host}: a run that was cut has left it drained: it is given back first"], yes)
            given_back(hosts, spec_of(host), print_line)
        with asking(so_many(len(desired.access))):
            facts = chosen(hosts, spec_of)
        host = facts.member.host
        if lacking := hosts.forbidden([host], packed=True):
            raise Blocked("; ".join(lacking))
        go_on(rules.meaning(facts), yes)
        for part in out.glob(f"{short(stack)}-{host}-*.age.part"):  # of a run that was killed
            part.unlink()
        file = out / f"{short(stack)}-{host}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz.age"
        archive = Archive(file=str(file), recipients=recipients)
        taken(hosts, spec_of(host), archive, print_line)
        for text in rules.describe(facts, archive):
            print_line(text)
        given_back(hosts, spec_of(host), print_line)


def words_of_age(recipients: Iterable[str], file: Path | None) -> tuple[str, ...]:
    """Return the words by which `age` is told who can decrypt. Raises Blocked if nobody can, or everybody could."""
    if any("SECRET-KEY" in each.upper() for each in recipients):
        raise Blocked("--recipient: that is a secret key: give the public one, which begins with age1")
    words = [word for each in recipients for word in ("--recipient", each)]
    words += ["--recipients-file", str(file)] if file else []
    if not words:
        raise Blocked("say who can decrypt the archive: --recipient age1..., or --recipients-file FILE")
    return tuple(words)


def go_on(words: Iterable[str], yes: bool) -> None:
    """Say what is about to happen, and ask."""
    for text in words:
        print_line(text)
    if not yes:
        typer.confirm("Go on?", abort=True)


def spec_on(desired: Plan, owner: str, host: str) -> GwbridgeSpec:
    """Return what is declared of docker_gwbridge on a host, or a spec without that: its keys say what may be stopped
    there, and by its labels `pulumi up` knows the change as this stack's."""
    declared = (spec for batch in desired.gwbridges for spec in batch if spec.host == host)
    known = {"owner": owner, "host": host, "digest": digest_of(desired.specs)}
    return next(declared, None) or GwbridgeSpec.recorded(known)


def left_behind(hosts: HostsApi, names: Iterable[str]) -> list[str]:
    """Return the hosts that a run which was cut has left out of service, also with docker stopped. Raises HostError and
    EngineError if no manager answers."""
    found = list[str]()
    for name in names if any(map(is_out_of_service, hosts.nodes())) else ():
        with suppress(HostError):  # one that does not answer, and that we have not drained
            if rules.is_left_behind(hosts.gwbridge(name)):
                found.append(name)
    return found


def chosen(hosts: HostsApi, spec_of: SpecOf) -> GwbridgeFacts:
    """Return the facts of the host of which the backup is taken. Raises Blocked with what is against it."""
    facts = hosts.swarm()
    found = rules.candidates(spec_of(""), facts)
    if isinstance(found, Refusal):
        raise Blocked(found.reason)
    refusals = []
    for host in found:
        own = rules.observe(hosts, host)
        refusal = rules.host_refusal(spec_of(host), own)
        if refusal is None:
            return own
        refusals.append(f"{host}: {refusal}")
    raise Blocked("; ".join(refusals))


def taken(hosts: HostsApi, spec: GwbridgeSpec, archive: Archive, progress: Callable[[str], None]) -> None:
    """Write the archive. If that fails, or is interrupted, the host is given back. Raises SwarmnetError and OSError."""
    rollbacks = [rules.give_back(spec)]
    observe = partial(rules.observe, hosts, spec.host)
    try:
        work(hosts, f"backup of {spec.host}", spec.timeout, progress, observe, rules.take(spec, archive), rollbacks)
    except (KeyboardInterrupt, OSError):
        given_back(hosts, spec, progress)
        raise


def given_back(hosts: HostsApi, spec: GwbridgeSpec, progress: Callable[[str], None]) -> None:
    """Wait until docker runs on the host, and put it back in service as it was. Raises SwarmnetError."""
    observe = partial(hosts.gwbridge, spec.host)
    work(hosts, f"{spec.host}", spec.timeout, progress, observe, rules.give_back(spec), result=progress)
