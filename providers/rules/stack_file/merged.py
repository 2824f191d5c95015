"""A host's share of sections that all hosts share. How it is reached is in access.py."""

from providers.rules.stack_file.model import PartialGwbridge, StackFile


def gwbridge_of(stackfile: StackFile, host: str) -> PartialGwbridge | None:
    """Return the section `gwbridge` with the host's own keys in its place, or None if there is neither.

    A host that has a subnet of its own takes neither the gateway nor the ip_range from the shared section.
    """
    shared, own = stackfile.gwbridge, stackfile.hosts[host].gwbridge
    if own is None:
        return shared
    values = shared.model_dump(exclude_unset=True) if shared else {}
    if own.subnet:
        values.pop("gateway", None)
        values.pop("ip_range", None)
    return PartialGwbridge.model_validate(values | own.model_dump(exclude_unset=True))
