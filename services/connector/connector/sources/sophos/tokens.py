"""Tokens in memory: one per credential, renewed before they expire, never written anywhere."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from connector.sources.sophos.models import Token, WhoAmI

RENEW_BEFORE = 60.0
"""Seconds before its expiry at which a token is no longer used."""


def usable_for(expires_in: float) -> float:
    """Return how many seconds a token is used: up to a minute before its end, or half of a life shorter than two minutes."""
    return max(expires_in - RENEW_BEFORE, min(expires_in, 2 * RENEW_BEFORE) / 2)


@dataclass(slots=True)
class HeldToken:
    """A token, when to stop using it, and whose it is once that was asked."""

    value: str = field(repr=False)
    until: float
    owner: WhoAmI | None = None


class Tokens:
    """The tokens of this process. Callers with one credential share one sign-in, also when they come at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[UUID, HeldToken] = {}
        self._locks: dict[UUID, asyncio.Lock] = {}

    async def get(self, credential_id: UUID, sign_in: Callable[[], Awaitable[Token]]) -> str:
        """Return a token that is good for a while, signing in when there is none."""
        async with self._locks.setdefault(credential_id, asyncio.Lock()):
            held = self._held.get(credential_id)
            if held is None or self._clock() >= held.until:
                asked_at = self._clock()
                token = await sign_in()
                held = HeldToken(token.access_token, asked_at + usable_for(token.expires_in))
                self._held[credential_id] = held
            return held.value

    def owner(self, credential_id: UUID) -> WhoAmI | None:
        """Return whose the held token is, if that was asked and the token is still good."""
        held = self._held.get(credential_id)
        return held.owner if held is not None and self._clock() < held.until else None

    def belongs_to(self, credential_id: UUID, who: WhoAmI) -> None:
        """Keep what whoami said for as long as the token lives."""
        held = self._held.get(credential_id)
        if held is not None:
            held.owner = who

    def drop(self, credential_id: UUID, value: str) -> None:
        """Forget a token that the source refused, unless another caller has renewed it already."""
        held = self._held.get(credential_id)
        if held is not None and held.value == value:
            del self._held[credential_id]

    def forget(self, credential_id: UUID) -> None:
        """Forget whatever is held for a credential."""
        self._held.pop(credential_id, None)
