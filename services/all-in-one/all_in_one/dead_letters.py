"""Dead letters from the command line: through a running gateway, whose roles and audit hold here too."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx

from all_in_one.demo.api import Api

T = TypeVar("T")
SECONDS = 60.0
"""Longer than the gateway waits for a consumer that handles a replayed event."""


async def listed(url: str, token: str, consumer: str | None) -> list[dict[str, Any]]:
    """Return the oldest dead letters of one consumer, or of all. Raises `CallFailed`."""
    params = {"limit": 200, **({"consumer": consumer} if consumer else {})}

    async def ask(api: Api) -> list[dict[str, Any]]:
        return list((await api.get("/dead-letters", **params))["items"])

    return await _asked(url, token, ask)


async def decided(url: str, token: str, what: str, consumer: str, ids: list[UUID]) -> None:
    """Replay or discard dead letters one by one, in the order given. Raises `CallFailed` at the first that fails."""

    async def ask(api: Api) -> None:
        for message_id in ids:
            await api.post(f"/dead-letters/{quote(consumer, safe='')}/{message_id}/{what}")

    await _asked(url, token, ask)


async def _asked(url: str, token: str, ask: Callable[[Api], Awaitable[T]]) -> T:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SECONDS) as http:
        return await ask(Api(http))
