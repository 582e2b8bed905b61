"""The vault: every secret under a random key of its own, and that one wrapped by a key that the database does not hold."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from connector.settings import KEY_BYTES, key_bytes
from shared.errors import AppError

NONCE_BYTES = 12
THE_FIRST = "client_secret"


class SecretUnreadable(AppError):
    """A stored secret was encrypted with another key, or was tampered with."""

    code, title = "secret_unreadable", "A stored secret cannot be read"
    of_credential = True


@dataclass(frozen=True, slots=True)
class Sealed:
    """Encrypted secrets, the id of the master key, and the wrapped data key.

    Without a data key the master key itself encrypted one secret: so did the first version, which knew client secrets only.
    """

    key_id: str
    ciphertext: bytes
    data_key: bytes | None = None


class Vault:
    """Seals with the current key, opens with any. A ciphertext opens only for what it was sealed for: rows cannot be swapped."""

    def __init__(self, key: SecretStr, old_keys: Sequence[SecretStr] = ()) -> None:
        raw = key_bytes(key)
        self.key_id = key_id(raw)
        self._keys = {key_id(one): AESGCM(one) for one in (raw, *map(key_bytes, old_keys))}

    def seal(self, secrets: Mapping[str, SecretStr], *, about: UUID) -> Sealed:
        """Return all secrets of the thing with the id `about`, by name, encrypted together."""
        data_key = os.urandom(KEY_BYTES)
        plain = orjson.dumps({name: secret.get_secret_value() for name, secret in secrets.items()})
        return Sealed(self.key_id, _encrypted(AESGCM(data_key), plain, _content(about)), self._wrap(data_key, about))

    def open(self, sealed: Sealed, *, about: UUID) -> dict[str, SecretStr]:
        """Return the secrets by name. Raises `SecretUnreadable`."""
        if sealed.data_key is None:
            plain = _decrypted(self._master(sealed.key_id), sealed.ciphertext, _directly(sealed.key_id, about))
            return {THE_FIRST: SecretStr(plain.decode())}
        data_key = self._unwrap(sealed.key_id, sealed.data_key, about)
        secrets = orjson.loads(_decrypted(AESGCM(data_key), sealed.ciphertext, _content(about)))
        return {name: SecretStr(secret) for name, secret in secrets.items()}

    def rewrap(self, sealed: Sealed, *, about: UUID) -> Sealed:
        """Return the same secrets under the current key; the ciphertext itself stays as it is. Raises `SecretUnreadable`."""
        if sealed.data_key is None:
            return self.seal(self.open(sealed, about=about), about=about)
        return Sealed(self.key_id, sealed.ciphertext, self._wrap(self._unwrap(sealed.key_id, sealed.data_key, about), about))

    def can_open(self, key: str) -> bool:
        """Return whether the key with this id is at hand."""
        return key in self._keys

    def _wrap(self, data_key: bytes, about: UUID) -> bytes:
        return _encrypted(self._keys[self.key_id], data_key, _wrapping(self.key_id, about))

    def _unwrap(self, key: str, wrapped: bytes, about: UUID) -> bytes:
        return _decrypted(self._master(key), wrapped, _wrapping(key, about))

    def _master(self, key: str) -> AESGCM:
        if key not in self._keys:
            raise SecretUnreadable(
                f"the secret was encrypted with another key ({key})",
                remedy="Add the key it had to ROLLCALL_CONNECTOR_OLD_ENCRYPTION_KEYS, or store the secret anew.",
            )
        return self._keys[key]


def key_id(raw: bytes) -> str:
    """Return the id of a key: what tells keys apart and says nothing about them."""
    return sha256(b"rollcall key id:" + raw).hexdigest()[:16]


def _encrypted(cipher: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, bound_to)


def _decrypted(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):
        raise SecretUnreadable(
            "the stored secret has been changed", remedy="Store the secret anew, and find out who wrote to the database."
        ) from None


def _directly(key: str, about: UUID) -> bytes:
    return f"{key}:{about}".encode()


def _wrapping(key: str, about: UUID) -> bytes:
    # Not as above: else whoever can write the database could present a wrapped data key as a secret.
    return f"data key:{key}:{about}".encode()


def _content(about: UUID) -> bytes:
    return f"secret:{about}".encode()
