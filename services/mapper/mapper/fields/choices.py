"""What dropdowns offer: fixed lists, and those that grow with what is written."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.tables import FIELD_OPTIONS
from shared.api.fields import MOST_OPTIONS, FieldOut
from shared.db.upsert import insert_for
from shared.events.records import RecordType
from shared.rules.fold import fold_text

LONGEST = 256
GROWN = MOST_OPTIONS
"""The place of an option that was written and not chosen: behind all others."""


async def options_of(session: AsyncSession, object_type: RecordType) -> dict[str, list[str]]:
    """Return the options of each dropdown, in one statement."""
    mine = select(FIELD_OPTIONS).where(FIELD_OPTIONS.c.object_type == object_type)
    found: dict[str, list[str]] = {}
    for row in await session.execute(mine.order_by(FIELD_OPTIONS.c.key, FIELD_OPTIONS.c.place, FIELD_OPTIONS.c.folded)):
        some = found.setdefault(row.key, [])
        if len(some) < MOST_OPTIONS:
            some.append(row.value)
    return found


async def put_options(session: AsyncSession, field: FieldOut) -> None:
    """Let a dropdown offer just the field's options."""
    theirs = (FIELD_OPTIONS.c.object_type == field.object_type, FIELD_OPTIONS.c.key == field.key)
    await session.execute(delete(FIELD_OPTIONS).where(*theirs))
    await _add(session, [_row(field, option, place) for place, option in enumerate(field.options)])


async def grow(session: AsyncSession, fields: Iterable[FieldOut], written: Iterable[Mapping[str, Any]]) -> None:
    """Let growing dropdowns offer what was written, up to as many options as a dropdown has; in at most one statement."""
    growing = [field for field in fields if field.dropdown == "growing" and len(field.options) < MOST_OPTIONS]
    if not growing:
        return
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    known = {(field.key, fold_text(option)) for field in growing for option in field.options}
    for values in written:
        for field in growing:
            value = values.get(field.key)
            if isinstance(value, str) and 0 < len(value) <= LONGEST and (field.key, fold_text(value)) not in known:
                rows.setdefault((field.key, fold_text(value)), _row(field, value, GROWN))
    await _add(session, [rows[key] for key in sorted(rows)][:MOST_OPTIONS])


async def _add(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert_for(session, FIELD_OPTIONS).on_conflict_do_nothing(), rows)


def _row(field: FieldOut, option: str, place: int) -> dict[str, Any]:
    return {"object_type": field.object_type, "key": field.key, "folded": fold_text(option)[:1000], "place": place, "value": option}
