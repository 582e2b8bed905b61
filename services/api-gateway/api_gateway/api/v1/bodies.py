"""Bodies as JSON, and nothing that only looks like it: what the other services could not read or store stops here."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from typing_extensions import override

from shared.errors import Invalid

NUL = "\x00"
DEEPEST = 100
"""Lists and objects inside each other; nothing that the API takes needs a tenth of it."""


class JsonRequest(Request):
    """A request whose body is read strictly: NaN, Infinity and half characters are not JSON."""

    @override
    async def json(self) -> Any:
        """Return the body. Raises `json.JSONDecodeError`."""
        return orjson.loads(await self.body())

    async def refuse_unstorable(self) -> None:
        """Raise `Invalid`, which names the place, for a NUL, which PostgreSQL has no room for, and for a body that is too deep."""
        raw = await self.body()
        # In JSON a NUL can only be written like this, and each level needs a bracket: most bodies are not searched.
        if b"\\u0000" not in raw and raw.count(b"[") + raw.count(b"{") <= DEEPEST:
            return
        try:
            value = orjson.loads(raw)
        except ValueError:
            return
        for place, message in _unstorable(value):
            named = ".".join(place) or "body"
            raise nul_refused(named) if message is HOLDS_NUL else _too_deep(named)


class Passing:
    """A body that is passed on as it comes, and never held whole."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._broken: ClientDisconnect | None = None

    async def blocks(self) -> AsyncIterator[bytes]:
        """Give the body. Raises `ClientDisconnect` when whoever sends it goes away, and so ends what it is passed on to."""
        try:
            async for block in self._request.stream():
                yield block
        except ClientDisconnect as error:
            self._broken = error
            raise

    def require_whole(self) -> None:
        """Raise `ClientDisconnect` when the body broke off: whatever else was raised follows from that."""
        if self._broken is not None:
            raise self._broken


HOLDS_NUL = "holds a NUL character"
TOO_DEEP = "holds too many lists or objects inside each other"


def nul_refused(place: str) -> Invalid:
    """Return the error for a text with a NUL."""
    remedy = "Type it again, without control characters."
    return Invalid(f"{place} {HOLDS_NUL}", code="malformed", remedy=remedy, fields=[_problem(place, HOLDS_NUL, remedy)])


def _too_deep(place: str) -> Invalid:
    remedy = f"Use at most {DEEPEST} levels."
    return Invalid(f"{place} {TOO_DEEP}", code="malformed", remedy=remedy, fields=[_problem(place, TOO_DEEP, remedy)])


def _problem(place: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": place, "message": message, "remedy": remedy}


def _unstorable(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give (place, what is wrong). Without recursion: it is depth that this guards against."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:
        place, held = waiting.pop()
        if isinstance(held, str):
            if NUL in held:
                yield place, HOLDS_NUL
        elif isinstance(held, dict | list):
            if len(place) >= DEEPEST:
                yield place[:3], TOO_DEEP
            elif isinstance(held, dict):
                if any(NUL in key for key in held):
                    yield place, HOLDS_NUL
                waiting += [((*place, key), inner) for key, inner in held.items()]
            else:
                waiting += [((*place, str(number)), inner) for number, inner in enumerate(held)]
