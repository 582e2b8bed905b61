"""Deciding on what is withheld: released losses are made as if nobody had stopped them, discarded ones never."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.emptying import tell_emptied
from mapper.guard.making import Made, make
from mapper.guard.scopes import Scope, instance, integration, locked
from mapper.scope import Parts
from mapper.tables import WITHHELD
from shared.api.guard import DiscardOut, ReleaseIn, ReleaseOut, WithheldChoice
from shared.clock import now
from shared.errors import Conflict, NotFound
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

T = TypeVar("T")
AT_ONCE = 500
"""Entries that one transaction decides on."""
MOST_REASONS = 100
LIST = "List the tray (GET /withheld, state held), and name only what is held."


class NotInTray(NotFound):
    """Some of the ids name no entry of the tray."""

    code = "not_in_tray"


class DecidedAlready(Conflict):
    """Some of the named entries were released, discarded, or found moot before."""

    code = "decided_already"


async def release(parts: Parts, given: ReleaseIn, *, actor: str) -> ReleaseOut:
    """Make what is chosen, in the name of `actor`, some hundred in each transaction. Each entry is made at most once.

    Raises `NotInTray`, `DecidedAlready` for named entries that are not held, and has decided nothing then.
    """
    out = ReleaseOut()

    async def decide(unit: Unit, rows: Sequence[Row[Any]]) -> Made:
        made = await make(unit, parts.limits, rows, force=given.force)
        await _write(unit, made)
        return made

    async for made in _each(parts, given, decide, actor=actor):
        out.released += len(made.released)
        out.moot += len(made.moot)
        out.refused += len(made.refused)
        out.reasons += made.refused[: MOST_REASONS - len(out.reasons)]
    log.info("losses_released", released=out.released, moot=out.moot, refused=out.refused)
    return out


async def discard(parts: Parts, given: WithheldChoice, *, actor: str) -> DiscardOut:
    """Let the records be as they are. What is said again later comes back as a new entry. Raises as `release` does."""

    async def decide(unit: Unit, rows: Sequence[Row[Any]]) -> int:
        await _decided(unit, "discarded", [row.id for row in rows])
        return len(rows)

    discarded = sum([count async for count in _each(parts, given, decide, actor=actor)])
    log.info("losses_discarded", records=discarded)
    return DiscardOut(discarded=discarded)


async def _each(
    parts: Parts, given: WithheldChoice, decide: Callable[[Unit, Sequence[Row[Any]]], Awaitable[T]], *, actor: str
) -> AsyncIterator[T]:
    """Call `decide` with the chosen entries that are held, portion by portion, each in a transaction that holds their scopes.

    Named entries are one portion: all of them are decided on, or none. Raises `NotInTray`, `DecidedAlready`.
    """
    after: UUID | None = UUID(int=0)
    while after is not None:
        begin: UUID = after

        async def portion(unit: Unit, begin: UUID = begin) -> tuple[UUID | None, T | None]:
            return await _portion(unit, given, decide, begin)

        after, decided = await parts.units.do(portion, actor=actor)
        if decided is not None:
            yield decided


async def _portion(
    unit: Unit, given: WithheldChoice, decide: Callable[[Unit, Sequence[Row[Any]]], Awaitable[T]], after: UUID
) -> tuple[UUID | None, T | None]:
    """Decide on one portion; return behind which entry the next one begins, if there may be one, and what was decided."""
    chosen = and_(_chosen(given), WITHHELD.c.state == "held", WITHHELD.c.id > after)
    at_once = AT_ONCE if given.ids is None else len(given.ids)
    found = (await unit.session.execute(select(WITHHELD).where(chosen).order_by(WITHHELD.c.id).limit(at_once))).all()
    await locked(unit.session, {_scope(row) for row in found})
    rows = await _still_held(unit.session, [row.id for row in found])
    if given.ids is not None:
        await _refuse_others(unit.session, given.ids, {row.id for row in rows})
    decided = await decide(unit, rows) if rows else None
    await tell_emptied(unit, {_scope(row).key for row in rows})
    return found[-1].id if found and given.ids is None else None, decided


async def _refuse_others(session: AsyncSession, ids: Sequence[UUID], held: Collection[UUID]) -> None:
    """Raise `NotInTray` or `DecidedAlready`, naming each id that is not held."""
    others = [(number, entry_id) for number, entry_id in enumerate(ids) if entry_id not in held]
    if not others:
        return
    columns = (WITHHELD.c.id, WITHHELD.c.state, WITHHELD.c.decided_by)
    rows = (await session.execute(select(*columns).where(WITHHELD.c.id.in_([entry_id for _, entry_id in others])))).all()
    there = {row.id: row for row in rows}
    problems = [_problem(number, entry_id, there.get(entry_id)) for number, entry_id in others]
    unknown = sum(entry_id not in there for _, entry_id in others)
    if unknown:
        raise NotInTray(f"{unknown} of {len(ids)} ids are no entry of the tray; nothing was decided", remedy=LIST, fields=problems)
    raise DecidedAlready(f"{len(others)} of {len(ids)} entries are decided already; nothing was decided", remedy=LIST, fields=problems)


def _problem(number: int, entry_id: UUID, row: Any | None) -> dict[str, str]:
    message = f"{entry_id} is no entry of the tray"
    if row is not None:
        by = f" by {row.decided_by}" if row.decided_by else ""
        message = f"{entry_id} is decided already: {row.state}{by}"
    return {"field": f"ids.{number}", "message": message, "remedy": "Leave it out."}


def _chosen(given: WithheldChoice) -> ColumnElement[bool]:
    if given.ids is not None:
        return WITHHELD.c.id.in_(given.ids)
    if given.saas_instance_id is not None:
        return WITHHELD.c.scope == instance(given.saas_instance_id).key
    return WITHHELD.c.scope == integration(given.integration_id or UUID(int=0)).key


def _scope(row: Row[Any]) -> Scope:
    return integration(row.integration_id) if row.saas_instance_id is None else instance(row.saas_instance_id)


async def _still_held(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return and lock the entries that nobody has decided on while their scopes were waited for."""
    held = select(WITHHELD).where(WITHHELD.c.id.in_(ids), WITHHELD.c.state == "held").order_by(WITHHELD.c.id)
    return (await session.execute(held.with_for_update())).all()


async def _write(unit: Unit, made: Made) -> None:
    await _decided(unit, "released", made.released)
    await _decided(unit, "moot", made.moot)


async def _decided(unit: Unit, state: str, ids: Sequence[UUID]) -> None:
    if ids:
        decision: Mapping[str, Any] = {"state": state, "decided_at": now(), "decided_by": unit.actor}
        await unit.session.execute(update(WITHHELD).where(WITHHELD.c.id.in_(ids)).values(**decision))
