"""Checks driver options of a stack file: unknown ones, and those that a host's Engine does not know."""

from collections.abc import Iterator, Mapping, Sequence

from providers.rules.stack_file import driver_options
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.network_options import KNOWN
from providers.rules.vocabulary.snapshot import HostReport


def warnings(resolved: Resolved) -> Iterator[str]:
    """Warn of options that are passed on as they are: an Engine keeps an unknown one and does nothing with it."""
    for path, driver, options in _declared(resolved):
        for key in driver_options.unknown(driver, options):
            yield f"{path}.options: {key} is unknown to Swarmnet and passed on: no Engine says whether it knows it"


def too_old(resolved: Resolved, reports: Sequence[HostReport]) -> Iterator[str]:
    """Yield options that a host's Engine would keep without doing anything."""
    for report in reports:
        bridge, found = resolved.hosts[report.host].gwbridge, report.engine
        own = resolved.file.hosts[report.host].gwbridge
        for key in bridge.options if bridge else ():
            known = KNOWN.get(key)
            if known and 0 < found < known.since:
                path = f"hosts.{report.host}.gwbridge" if own and key in own.options else "gwbridge"
                yield (
                    f"{path}.options: {key} needs {known.since}: {report.host} has {found}, which would keep it and "
                    "do nothing: leave it out for that host, or give it a newer Engine"
                )


def _declared(resolved: Resolved) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    file = resolved.file
    if file.gwbridge:
        yield "gwbridge", "bridge", file.gwbridge.options
    for name, host in file.hosts.items():
        if host.gwbridge:
            yield f"hosts.{name}.gwbridge", "bridge", host.gwbridge.options
    if file.ingress:
        yield "ingress", "overlay", file.ingress.options
    for name, overlay in file.overlays.items():
        yield f"overlays.{name}", "overlay", overlay.options
