"""API tokens: `rc_<id>_<secret>`. The secret is 256 random bits; only its SHA-256 is stored.

A slow hash would guard nothing here: nobody guesses 256 random bits.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import SecretStr

from shared.ids import new_id

PREFIX = "rc"
SECRET_BYTES = 32
NOBODY = bytes(32)
"""What a secret is compared with when its token does not exist: the answer takes as long."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token in plain text; its representation does not show the secret."""

    id: UUID
    secret: str = field(repr=False)

    def plain(self) -> str:
        """Return what is shown once, to whoever will use it."""
        return f"{PREFIX}_{self.id.hex}_{self.secret}"

    def hash(self) -> bytes:
        """Return what is stored."""
        return hashlib.sha256(self.secret.encode()).digest()

    def fits(self, stored: bytes) -> bool:
        """Return whether this is the token whose hash was stored; takes as long whatever the answer."""
        return hmac.compare_digest(self.hash(), stored)


def new_token() -> Token:
    """Return a token that nobody can guess."""
    return Token(new_id(), secrets.token_urlsafe(SECRET_BYTES))


def read_token(text: SecretStr) -> Token | None:
    """Return the token that was sent, or None when it does not look like one."""
    prefix, _, rest = text.get_secret_value().partition("_")
    identifier, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret:
        return None
    try:
        return Token(UUID(hex=identifier), secret)
    except ValueError:
        return None
