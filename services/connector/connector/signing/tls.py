"""Mutual TLS: the certificate that a connection shows."""

import os
import secrets
import ssl
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key

from connector.sources.base import Access


def context_of(access: Access) -> ssl.SSLContext:
    """Return a context that shows the credential's certificate; others show none. Blocks for a few milliseconds."""
    context = ssl.create_default_context()
    if access.kind == "mutual_tls":
        _show_certificate(context, access)
    return context


def _show_certificate(context: ssl.SSLContext, access: Access) -> None:
    """Python's ssl reads keys from files only: it is written encrypted, under a password that nobody else ever has, and removed."""
    given = access.secrets.get("key_password")
    password = given.get_secret_value().encode() if given else None
    key = load_pem_private_key(access.secrets["private_key"].get_secret_value().encode(), password)
    once = secrets.token_hex(32)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(once.encode()))
    descriptor, path = tempfile.mkstemp(prefix="rollcall-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(access.fields["certificate"].encode() + b"\n" + pem)
        context.load_cert_chain(path, password=once)
    finally:
        Path(path).unlink()
