"""The vault: AES-256-GCM, bound to the credential that a secret belongs to."""

import os
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from connector.settings import key_bytes
from shared.errors import AppError

NONCE_BYTES = 12


class SecretUnreadable(AppError):
    """A stored secret was encrypted with another key, or was tampered with."""

    code, title = "secret_unreadable", "A stored secret cannot be read"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted secret, and the id of the key that can open it."""

    key_id: str
    ciphertext: bytes


class Vault:
    """Seals and opens secrets. A ciphertext opens only for the credential it was sealed for: rows cannot be swapped."""

    def __init__(self, key: SecretStr) -> None:
        raw = key_bytes(key)
        self._cipher = AESGCM(raw)
        self.key_id = sha256(b"rollcall key id:" + raw).hexdigest()[:16]

    def seal(self, secret: SecretStr, *, credential_id: UUID) -> Sealed:
        """Return `secret` encrypted for the credential."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.get_secret_value().encode(), self._bound_to(self.key_id, credential_id))
        return Sealed(self.key_id, nonce + sealed)

    def open(self, sealed: Sealed, *, credential_id: UUID) -> SecretStr:
        """Return the secret. Raises `SecretUnreadable`."""
        remedy = "Start the connector with the ROLLCALL_CONNECTOR_ENCRYPTION_KEY it had, or store the credential anew."
        if sealed.key_id != self.key_id:
            raise SecretUnreadable(f"the credential was encrypted with another key ({sealed.key_id})", remedy=remedy)
        nonce, body = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, body, self._bound_to(sealed.key_id, credential_id))
        except (InvalidTag, ValueError):
            raise SecretUnreadable("the credential's stored secret has been changed", remedy=remedy) from None
        return SecretStr(plain.decode())

    @staticmethod
    def _bound_to(key_id: str, credential_id: UUID) -> bytes:
        return f"{key_id}:{credential_id}".encode()
