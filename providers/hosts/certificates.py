"""Reads X.509 certificates in what hosts show. They are no secret."""

from cryptography import x509


def certificates(text: str) -> list[x509.Certificate]:
    """Return the certificates (PEM) in a text; none if one of them can't be read."""
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return []
