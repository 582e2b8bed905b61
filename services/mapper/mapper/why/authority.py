"""Who says what of a field, and why the one who won did."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.asserted import Asserted, read_asserted
from mapper.authority.authority import authority_of
from mapper.authority.orders import Kept, Order, Source, Standing, Winner, speaks, standings
from mapper.fields.fields import fields_of
from mapper.tables import LINKS
from shared.api.fields import FieldOut
from shared.api.history import HeldValue, RawValue, WhyAuthority, WhySaid
from shared.events.records import RecordType


async def why_it_won(session: AsyncSession, record: Row[Any], field: FieldOut, known: dict[str, FieldOut]) -> WhyAuthority:
    """Return who says what of a record's field now, and why one of them won."""
    asserted = Asserted(await authority_of(session, field.object_type, known))
    order = asserted.authority.orders.get(field.key)
    if order is None:
        return WhyAuthority(rule="last_writer", says=f"nobody said who wins for {field.label}: it is as the last one wrote it")
    await read_asserted(session, asserted, field.object_type, [record.id])
    names = await _names(session, field.object_type, record.id)
    sources, kept = asserted.sources.get(record.id, []), asserted.kept.get(record.id, {}).get(field.key)
    stand = standings(order, field.key, sources, kept)
    return WhyAuthority(
        rule="order",
        sources=list(order.sources),
        hand=order.hand,
        says=_says(order, asserted.winner(record.id, field.key), stand, names, record.fields.get(field.key)),
        said=[_said(one, how, field.key, names) for one, how in stand],
    )


async def held_values(session: AsyncSession, link: Row[Any]) -> list[HeldValue]:
    """Return the values that a record of a source says and that are not written, each with who won."""
    record_type: RecordType = "person" if link.asset_id is None else "asset"
    record_id = link.person_id or link.asset_id
    known = await fields_of(session, record_type)
    asserted = Asserted(await authority_of(session, record_type, known))
    await read_asserted(session, asserted, record_type, [record_id])
    sources = asserted.sources.get(record_id, [])
    own = next((one for one in sources if (one.integration_id, one.source_id) == (str(link.integration_id), link.source_id)), None)
    if own is None or not own.says:
        return []
    names, found = await _names(session, record_type, record_id), []
    for key, said in sorted(own.says.items()):
        order, winner = asserted.authority.orders.get(key), asserted.winner(record_id, key)
        if order is None or not speaks(said) or (winner is not None and winner.value == said.get("value")):
            continue
        stand = standings(order, key, sources, asserted.kept.get(record_id, {}).get(key))
        says = _says(order, winner, stand, names, None if winner is None else winner.value)
        found.append(HeldValue(field=key, value=said.get("value"), says=says))
    return found


def _says(order: Order, winner: Winner | None, stand: list[tuple[Source | Kept, Standing]], names: dict[str, str], value: Any) -> str:
    waiting = next((one for one, how in stand if how == "not_asked" and isinstance(one, Source)), None)
    if winner is None and waiting is not None and order.rank(waiting.integration_id) < len(order.sources):
        return f"{_name(waiting, names)} comes first, and has not been asked since the order was set: until its next run all stays as it is"
    if winner is None:
        return "nobody says anything of it now: what was there stays"
    if isinstance(winner.by, Kept):
        why = f"the hand edit of {winner.by.by} is kept"
    elif order.rank(winner.by.integration_id) < len(order.sources):
        why = f"of those that say something of it, {_name(winner.by, names)} comes first"
    elif sum(how in {"wins", "lower"} for _, how in stand) == 1:
        why = f"only {_name(winner.by, names)} says something of it"
    else:
        why = f"none of its sources has a place in the order: {_name(winner.by, names)} said something new last"
    return why if winner.value == value else f"{why}; what it has now was written by somebody else, until the next run of a source"


def _said(one: Source | Kept, how: Standing, key: str, names: dict[str, str]) -> WhySaid:
    if isinstance(one, Kept):
        return WhySaid(by="hand", stands=how, value=one.value, hand=one.by, since=one.at)
    common: dict[str, Any] = {"by": "source", "stands": how, "integration_id": one.integration_id, "source_id": one.source_id}
    said = (one.says or {}).get(key)
    if said is None:
        return WhySaid(**common, integration_name=names.get(one.integration_id))
    kept = said.get("raw")
    raw = RawValue(state="same_as_value", value=said.get("value")) if kept is None else RawValue(state="kept", **kept)
    return WhySaid(
        **common,
        integration_name=names.get(one.integration_id),
        value=said.get("value"),
        empties=bool(said.get("empties")),
        raw=raw,
        run_id=said["run"],
        mapping_version=said["version"],
        since=said["at"],
    )


async def _names(session: AsyncSession, record_type: RecordType, record_id: UUID) -> dict[str, str]:
    """Return what the integrations that know a record were called when they saw it first."""
    leads_to = LINKS.c.asset_id if record_type == "asset" else LINKS.c.person_id
    rows = await session.execute(select(LINKS.c.integration_id, LINKS.c.first_seen).where(leads_to == record_id))
    return {str(row.integration_id): row.first_seen["integration"] for row in rows}


def _name(source: Source, names: dict[str, str]) -> str:
    return names.get(source.integration_id, source.integration_id)
