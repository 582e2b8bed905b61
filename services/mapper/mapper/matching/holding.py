"""Who has which value of the sync keys that are no plain unique field: written with the records, whoever writes them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import and_, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.matching.keys import Key, KeyClaim
from mapper.records.many import among, given, put
from mapper.tables import KEY_VALUES, MATCH_KEYS
from shared.api.sync_keys import KeyField
from shared.errors import Conflict
from shared.events.records import RecordType

if TYPE_CHECKING:
    from mapper.records.changing import Draft


class KeyJustTaken(Conflict):
    """Another transaction gave a record the same sync key after this one had found nobody: whoever looks again finds it."""

    code, retryable = "key_just_taken", True


async def holders_of(session: AsyncSession, claims: Iterable[KeyClaim]) -> dict[KeyClaim, set[UUID]]:
    """Return who has each of these values, in one statement."""
    wanted = sorted(set(claims))
    if not wanted:
        return {}
    asked = given(session, wanted, "key", "value")
    same = and_(KEY_VALUES.c.value == asked.c.value, KEY_VALUES.c.key == asked.c.key)
    found: dict[KeyClaim, set[UUID]] = {}
    for key, value, record_id in await session.execute(select(asked.c.key, asked.c.value, KEY_VALUES.c.record_id).join(KEY_VALUES, same)):
        found.setdefault((key, value), set()).add(record_id)
    return found


async def keep_key_values(session: AsyncSession, record_type: RecordType, drafts: Sequence["Draft"]) -> None:
    """Let the keys' values of written drafts be those of their fields. Raises `KeyJustTaken` when another came first.

    The records are written by now, so whoever defines a key has either ended before, and is seen here, or waits for us.
    """
    if record_type == "saas_user" or not drafts:
        return
    rows = await session.execute(select(MATCH_KEYS.c.name, MATCH_KEYS.c.parts).where(MATCH_KEYS.c.object_type == record_type))
    keys = [Key(row.name, tuple(map(KeyField.model_validate, row.parts))) for row in rows]
    if not keys:
        return
    changed = [draft for draft in drafts if any(_touches(draft, key) for key in keys)]
    await drop_key_values(session, [draft.id for draft in changed if not draft.is_new])
    claimed: dict[KeyClaim, list[Draft]] = {}
    for draft in changed:
        for key in keys:
            if (value := key.value_of(draft.fields)) is not None:
                claimed.setdefault((key.name, value), []).append(draft)
    await _take(session, claimed)


async def drop_key_values(session: AsyncSession, record_ids: Sequence[UUID]) -> None:
    """Let records have no value of any key."""
    if record_ids:
        theirs = among(session, KEY_VALUES.c.record_id, "records")
        await session.execute(delete(KEY_VALUES).where(theirs), {"records": list(record_ids)})


def giving_up(drafts: Sequence["Draft"], keys: Sequence[Key]) -> list[UUID]:
    """Return the records of which a value in one of these keys changes."""
    return [draft.id for draft in drafts if not draft.is_new and any(_touches(draft, key) for key in keys)]


def _touches(draft: "Draft", key: Key) -> bool:
    return draft.is_new or any(field in draft.changes or field in draft.quiet for field in key.fields)


async def _take(session: AsyncSession, claimed: dict[KeyClaim, list["Draft"]]) -> None:
    others = await holders_of(session, claimed)
    rows = []
    for claim, drafts in sorted(claimed.items(), key=lambda one: one[0]):
        there = claim in others
        if there and any(claim in draft.alone for draft in drafts):
            raise _just_taken()
        for place, draft in enumerate(drafts):
            shared = draft.id.hex if there or place else ""
            rows.append({"value": claim[1], "key": claim[0], "shared": shared, "record_id": draft.id})
    try:
        await put(session, KEY_VALUES, rows)
    except IntegrityError as error:
        raise _just_taken() from error


def _just_taken() -> KeyJustTaken:
    return KeyJustTaken("another record took the same sync key just now", remedy="Try again.")
