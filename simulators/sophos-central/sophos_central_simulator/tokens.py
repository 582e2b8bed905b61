"""Access and refresh tokens of a credential: shaped as Sophos' are, and ended on demand."""

import binascii
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator

from orjson import JSONDecodeError, dumps, loads

from sophos_central_simulator.clock import Clock

MOST = 5000
"""Tokens remembered; the oldest are forgotten first."""


class Tokens:
    """All tokens of one credential. Ended ones stay known, so that a call with one is still somebody's call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._refresh: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._until)

    def __contains__(self, access: object) -> bool:
        return access in self._until

    def issue(self, owner_id: str, client_id: str, life: float) -> tuple[str, str]:
        """Return an access token that lives `life` seconds, and a refresh token."""
        access, refresh = _jwt(owner_id, client_id, life, self._clock), secrets.token_hex(32)
        self._until[access] = self._clock.monotonic() + life
        self._refresh[refresh] = None
        if len(self._until) > MOST:
            del self._until[next(iter(self._until))]
            del self._refresh[next(iter(self._refresh))]
        return access, refresh

    def alive(self, access: str) -> bool:
        """Return whether an access token still opens anything."""
        return self._clock.monotonic() < self._until.get(access, 0)

    def refreshes(self, refresh: str) -> bool:
        """Return whether this is a refresh token of the credential."""
        return refresh in self._refresh

    def expire(self) -> None:
        """End every access token."""
        self._until = dict.fromkeys(self._until, 0)


def owner_named_in(access: str) -> str:
    """Return the id of the tenant, partner or organization that a token of this kind carries; empty when it carries none."""
    try:
        claims = loads(urlsafe_b64decode(access.split(".")[1] + "=="))
        return str(claims["tenant"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error, JSONDecodeError):
        return ""


def _jwt(owner_id: str, client_id: str, life: float, clock: Clock) -> str:
    issued = int(clock.now().timestamp())
    claims = {"sub": client_id, "tenant": owner_id, "iat": issued, "exp": issued + int(life), "jti": secrets.token_hex(16)}
    parts = (dumps({"alg": "RS256", "typ": "JWT"}), dumps(claims), secrets.token_bytes(64))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
