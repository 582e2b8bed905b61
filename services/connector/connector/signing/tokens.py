"""Signing with a token that is asked for first: renewed before it ends, and once when the source no longer takes it."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from typing_extensions import override

from connector.sources.wire import SERVER_ERRORS, TOO_MANY_REQUESTS, SourceFailed, SourceThrottled
from shared.errors import UpstreamRefused

LARGEST_ANSWER = 1024 * 1024
RENEW_BEFORE = 60.0
"""Seconds before its end at which a token is no longer used."""
UNAUTHORIZED = 401


class SignInRefused(UpstreamRefused):
    """A source gave no token for the credential."""

    code, title = "sign_in_refused", "The source does not accept the credential"
    of_credential = True


@dataclass(frozen=True, slots=True)
class Held:
    """A token, and when to stop using it on the clock of `TokenAuth`; None: until it is refused."""

    value: str = field(repr=False)
    until: float | None = None


class TokenAuth(httpx.Auth):
    """Asks for a token over the same client, so that the same rules hold for where requests may go."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: Held | None = None
        self._lock = asyncio.Lock()

    @abstractmethod
    def question(self) -> httpx.Request:
        """Return the request that is answered with a token."""

    @abstractmethod
    def token_in(self, answer: Any) -> tuple[str | None, float | None]:
        """Return the token in an answer, and how many seconds it lives, as far as the answer says."""

    @abstractmethod
    def put(self, request: httpx.Request, token: str) -> None:
        """Sign a request."""

    @override
    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        for last in (False, True):
            async with self._lock:
                held = self._held
                if held is None or (held.until is not None and self._clock() >= held.until):
                    asked_at = self._clock()
                    held = self._held = await self._taken((yield self.question()), asked_at)
            self.put(request, held.value)
            response = yield request
            if response.status_code != UNAUTHORIZED or last:
                return
            if self._held is held:
                self._held = None

    @override
    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        raise RuntimeError("sources are asked by asynchronous clients only")

    async def _taken(self, response: httpx.Response, asked_at: float) -> Held:
        """Return the token that an answer holds. Its body is never repeated: who answers may have been sent the secret."""
        status, host = response.status_code, response.request.url.host
        if status == TOO_MANY_REQUESTS:
            raise SourceThrottled(f"{host} asks us to sign in less often", remedy="Wait, or ask the source for a higher limit.")
        if status >= SERVER_ERRORS:
            raise SourceFailed(f"{host} answered {status} to the sign-in", remedy="Try again later; look at the source's own status page.")
        document = await _json(response) if response.is_success else None
        token, lives = self.token_in(document)
        if not response.is_success or not token:
            said = f"answered {status} to the sign-in" if not response.is_success else "gave no token where one is expected"
            raise SignInRefused(f"{host} {said}", remedy="Check the credential's fields and secrets, and store them anew if they expired.")
        return Held(token, None if lives is None else asked_at + max(lives - RENEW_BEFORE, lives / 2))


async def _json(response: httpx.Response) -> Any:
    raw = b""
    async for part in response.aiter_bytes():
        raw += part
        if len(raw) > LARGEST_ANSWER:
            return None
    # httpx reads an answer again before it sends what comes next; what was streamed it finds here, as after its own reading.
    response._content = raw  # noqa: SLF001 - there is no other way to read within bounds in the middle of signing
    try:
        return orjson.loads(raw)
    except ValueError:
        return None
