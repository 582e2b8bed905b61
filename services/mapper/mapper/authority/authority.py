"""The orders that somebody set: stored, shown, and read for a page or a record."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.orders import HAND, Authority, Order
from mapper.fields.builtin import OF_ROLLCALL
from mapper.fields.fields import fields_of, require_known
from mapper.tables import FIELD_AUTHORITIES, LINK_ASSERTIONS, MAPPING_VERSIONS
from shared.api.authority import AuthorityIn, AuthorityOut, HandChoice, HandChoiceIn
from shared.api.fields import FieldOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Invalid
from shared.events.records import RecordType
from shared.unit import Unit

EVERY = "*"
"""The key of what an object type says for all fields that say nothing themselves."""


class BadAuthority(Invalid):
    """The order names what cannot win for the field."""

    code = "bad_authority"


async def authority_of(session: AsyncSession, object_type: RecordType, known: Mapping[str, FieldOut]) -> Authority:
    """Return for which of an object type's fields somebody said who wins."""
    table = FIELD_AUTHORITIES.c
    rows = {row.key: row for row in await session.execute(select(FIELD_AUTHORITIES).where(table.object_type == object_type))}
    if not rows:
        return Authority()
    default: HandChoice | None = rows[EVERY].hand if EVERY in rows else None
    orders = {}
    for key in known.keys() - OF_ROLLCALL.get(object_type, frozenset()):
        row = rows.get(key)
        order = Order() if row is None else Order(tuple(row.sources), row.hand)
        if order.hand is None and HAND not in order.sources and default is not None:
            order = Order(order.sources, default)
        if order.sources or order.hand is not None:
            orders[key] = order
    return Authority(orders, sum(row.revision for row in rows.values()))


async def list_authorities(session: AsyncSession, object_type: RecordType | None) -> list[AuthorityOut]:
    """Return what somebody said, the choice for all fields of a type first."""
    table = FIELD_AUTHORITIES.c
    statement = select(FIELD_AUTHORITIES).order_by(table.object_type, table.key)
    if object_type is not None:
        statement = statement.where(table.object_type == object_type)
    return [_shown(row) for row in await session.execute(statement) if row.sources or row.hand is not None]


async def set_authority(unit: Unit, object_type: RecordType, key: str, given: AuthorityIn) -> AuthorityOut:
    """Say who wins for a field. Values follow with the next run. Raises `UnknownField`, `BadAuthority`."""
    known = await fields_of(unit.session, object_type)
    require_known([key], known, place="field")
    sources = [str(source) for source in given.sources]
    await _require_sound(unit.session, known[key], sources, given.hand)
    return await _store(unit, object_type, key, sources, given.hand)


async def set_hand_choice(unit: Unit, object_type: RecordType, given: HandChoiceIn) -> AuthorityOut:
    """Say what becomes of hand edits of all fields that say nothing else."""
    return await _store(unit, object_type, EVERY, [], given.hand)


async def forget_source(session: AsyncSession, integration_id: UUID) -> None:
    """Take an integration that is gone out of all orders, with all that it said: the next run of each other one settles anew."""
    theirs = LINK_ASSERTIONS.c.integration_id == integration_id
    spoke = await session.scalar(select(exists().where(theirs)))
    await session.execute(delete(LINK_ASSERTIONS).where(theirs))
    rows = (await session.execute(select(FIELD_AUTHORITIES).with_for_update())).all()
    for row in rows:
        left = [source for source in row.sources if source != str(integration_id)]
        if spoke or left != row.sources:
            mine = (FIELD_AUTHORITIES.c.object_type == row.object_type, FIELD_AUTHORITIES.c.key == row.key)
            counted = {"sources": left, "revision": FIELD_AUTHORITIES.c.revision + 1}
            await session.execute(update(FIELD_AUTHORITIES).where(*mine).values(counted))


async def _store(unit: Unit, object_type: RecordType, key: str, sources: list[str], hand: HandChoice | None) -> AuthorityOut:
    values = {"sources": sources, "hand": hand, "changed_at": now(), "changed_by": unit.actor}
    first = insert_for(unit.session, FIELD_AUTHORITIES).values(object_type=object_type, key=key, revision=1, **values)
    counted = {**values, "revision": FIELD_AUTHORITIES.c.revision + 1}
    stored = first.on_conflict_do_update(index_elements=["object_type", "key"], set_=counted).returning(*FIELD_AUTHORITIES.c)
    return _shown((await unit.session.execute(stored)).one())


async def _require_sound(session: AsyncSession, field: FieldOut, sources: Sequence[str], hand: HandChoice | None) -> None:
    problems = []
    integrations = [source for source in sources if source != HAND]
    if field.key in OF_ROLLCALL.get(field.object_type, frozenset()):
        problems.append({"field": "field", "message": "follows from other things: no source says it"})
    if integrations and field.object_type == "saas_user":
        problems.append({"field": "sources", "message": "must name no integrations: no mapping writes fields of SaaS users"})
    if (HAND in sources or hand is not None) and not field.editable:
        place = "sources" if HAND in sources else "hand"
        problems.append({"field": place, "message": f"{field.key} cannot be changed by hand"})
    mapped = await _mapped(session, field.object_type, integrations)
    message = f"is no integration with a mapping to fields of type {field.object_type}"
    for number, source in enumerate(sources):
        if source != HAND and source not in mapped and field.object_type != "saas_user":
            problems.append({"field": f"sources.{number}", "message": message})
    if problems:
        words = "; ".join(f"{problem['field']} {problem['message']}" for problem in problems)
        raise BadAuthority(f"this cannot say who wins for {field.key}: {words}", remedy="Correct the named entries.", fields=problems)


async def _mapped(session: AsyncSession, object_type: RecordType, integrations: Sequence[str]) -> set[str]:
    """Return those of the integrations that have a mapping to this type of records."""
    table = MAPPING_VERSIONS.c
    theirs = (table.integration_id.in_([UUID(one) for one in integrations]), table.object_type == object_type)
    return {str(one) for one in await session.scalars(select(table.integration_id).where(*theirs).distinct())}


def _shown(row: Row[Any]) -> AuthorityOut:
    return AuthorityOut(
        object_type=row.object_type,
        field=None if row.key == EVERY else row.key,
        sources=row.sources,
        hand=row.hand,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


NUMBER = select(func.coalesce(func.sum(FIELD_AUTHORITIES.c.revision), 0))
"""Says whether anything was changed since: rows are never removed, and each change of one counts up."""
