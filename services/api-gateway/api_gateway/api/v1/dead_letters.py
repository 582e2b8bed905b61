"""Dead letters: events that a consumer could not handle."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from api_gateway.api.v1.routing import Limit, subject
from api_gateway.dead_letters.dead_letters import discard, listed, replay, whole
from api_gateway.dead_letters.shapes import DeadLetterOut, DeadLetterWhole
from api_gateway.scope import InParts
from shared.bus.consumers import CONSUMERS
from shared.http.paging import PAGE_SIZE, Page

PATTERN = r"^[a-z-]{1,50}\.[a-z-]{1,50}$"
NAMES = f"Whose: one of {', '.join(CONSUMERS)}."
ConsumerName = Annotated[str, Path(pattern=PATTERN, description=NAMES)]

router: APIRouter = subject("/dead-letters", "dead letters")


@router.get("")
async def list_dead_letters(
    parts: InParts,
    consumer: Annotated[str | None, Query(pattern=PATTERN, description=f"{NAMES} All, if left out.")] = None,
    limit: Limit = PAGE_SIZE,
) -> Page[DeadLetterOut]:
    """Return the oldest dead letters. There is no next page: what is decided on makes room for what comes after it."""
    return Page(items=await listed(parts.bus, consumer, limit), next_cursor=None)


@router.get("/{consumer}/{message_id}")
async def read_dead_letter(consumer: ConsumerName, message_id: UUID, parts: InParts) -> DeadLetterWhole:
    """Return one with everything that the event says, people's records included."""
    return await whole(parts.bus, consumer, message_id)


@router.post("/{consumer}/{message_id}/replay", status_code=204)
async def replay_dead_letter(consumer: ConsumerName, message_id: UUID, parts: InParts) -> None:
    """Put it before its consumer again, once its cause is mended. If it fails again it comes back, with the new reason."""
    await replay(parts.bus, consumer, message_id)


@router.post("/{consumer}/{message_id}/discard", status_code=204)
async def discard_dead_letter(consumer: ConsumerName, message_id: UUID, parts: InParts) -> None:
    """Remove it for good: what it said never takes effect."""
    await discard(parts.bus, consumer, message_id)
