"""Subnet arithmetic over `ipaddress`: canonical forms, overlaps, free ranges. No names of keys or nouns may enter."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError


def canonical_subnet(text: str) -> str:
    """An IPv4 subnet as `10.11.0.0/16`.

    Raises ValueError where it is none, or has host bits: Engine 20.10 takes 10.11.0.5/16 and echoes it, newer
    ones refuse it.
    """
    try:
        return str(IPv4Network(text))
    except (AddressValueError, NetmaskValueError) as problem:
        raise ValueError(f"{text!r} is not an IPv4 subnet such as 10.11.0.0/16") from problem
    except ValueError as problem:
        network = IPv4Network(text, strict=False)
        raise ValueError(f"{text} has host bits set: write {network}") from problem


def canonical_address(text: str) -> str:
    """An IPv4 address as `10.11.0.1`. Raises ValueError where it is none."""
    try:
        return str(IPv4Address(text))
    except AddressValueError as problem:
        raise ValueError(f"{text!r} is not an IPv4 address such as 10.11.0.1") from problem
