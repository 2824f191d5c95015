"""Certificates that sign themselves, as a host's or a swarm's authority's could be."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding


def pem(ends: datetime, days: int) -> bytes:
    """A certificate that ends then, and lasts for so many days."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, ends - timedelta(days=days), ends)
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
