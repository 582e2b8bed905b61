"""Access and refresh tokens of a tenant: shaped as Sophos' are, and ended on demand."""

import binascii
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator

from orjson import JSONDecodeError, dumps, loads

MOST = 5000
"""Tokens remembered; the oldest are forgotten first."""


class Tokens:
    """All tokens of one tenant. Ended ones stay known, so that a call with one is still somebody's call."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._refresh: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._until)

    def __contains__(self, access: object) -> bool:
        return access in self._until

    def issue(self, tenant_id: str, client_id: str, life: float) -> tuple[str, str]:
        """Return an access token that lives `life` seconds, and a refresh token."""
        access, refresh = _jwt(tenant_id, client_id, life), secrets.token_hex(32)
        self._until[access] = time.monotonic() + life
        self._refresh[refresh] = None
        if len(self._until) > MOST:
            del self._until[next(iter(self._until))]
            del self._refresh[next(iter(self._refresh))]
        return access, refresh

    def alive(self, access: str) -> bool:
        """Return whether an access token still opens anything."""
        return time.monotonic() < self._until.get(access, 0)

    def refreshes(self, refresh: str) -> bool:
        """Return whether this is a refresh token of the tenant."""
        return refresh in self._refresh

    def expire(self) -> None:
        """End every access token."""
        self._until = dict.fromkeys(self._until, 0)


def tenant_named_in(access: str) -> str:
    """Return the tenant id that a token of this kind carries; empty when it carries none."""
    try:
        claims = loads(urlsafe_b64decode(access.split(".")[1] + "=="))
        return str(claims["tenant"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error, JSONDecodeError):
        return ""


def _jwt(tenant_id: str, client_id: str, life: float) -> str:
    issued = int(time.time())
    claims = {"sub": client_id, "tenant": tenant_id, "iat": issued, "exp": issued + int(life), "jti": secrets.token_hex(16)}
    parts = (dumps({"alg": "RS256", "typ": "JWT"}), dumps(claims), secrets.token_bytes(64))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
