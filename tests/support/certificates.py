"""A certificate of our own and its key, for tests of mutual TLS."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

PASSWORD = "s3cret"


def pair() -> dict[str, str]:
    """Return a certificate of our own and its encrypted key, as PEM."""
    key, name, moment = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ann")]),
        datetime.now(UTC),
    )
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = made.not_valid_before(moment).not_valid_after(moment + timedelta(days=90)).sign(key, hashes.SHA256())
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode())).decode()
    return {"certificate": certificate.public_bytes(Encoding.PEM).decode(), "private_key": encrypted, "key_password": PASSWORD}
