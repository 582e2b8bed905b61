"""The tray: what is withheld waits here with its evidence, once for each record and kind of loss, until somebody decides."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.emptying import number_of_opened
from mapper.guard.losses import Loss
from mapper.guard.scopes import Scope
from mapper.records.loading import portions
from mapper.records.many import among, put
from mapper.tables import WITHHELD
from shared.api.guard import CrossedOut
from shared.clock import now
from shared.events.records import RecordsWithheld
from shared.ids import new_id
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

OF_ABSENCE = ("missing", "deactivated")
"""Losses that rest on a proof that the source has no such user: seeing the user disproves them."""


async def waiting(session: AsyncSession, records: Iterable[UUID]) -> dict[UUID, list[Row[Any]]]:
    """Return what is held of these records."""
    found: dict[UUID, list[Row[Any]]] = {}
    for portion in portions(set(records)):
        held = select(WITHHELD).where(WITHHELD.c.record_id.in_(portion), WITHHELD.c.state == "held").order_by(WITHHELD.c.id)
        for row in await session.execute(held):
            found.setdefault(row.record_id, []).append(row)
    return found


async def hold(unit: Unit, scope: Scope, stopped: Mapping[Loss, CrossedOut], held: Mapping[UUID, Sequence[Row[Any]]]) -> None:
    """Put losses into the tray of a scope that the caller holds; what is there already takes the newer evidence.

    A tray that was empty is told: one notice for each tray, however many runs add to it.
    """
    there = {(row.record_id, row.kind): row.id for rows in held.values() for row in rows}
    again = [loss for loss in stopped if (loss.record_id, loss.kind) in there]
    new = [(loss, over) for loss, over in stopped.items() if (loss.record_id, loss.kind) not in there]
    await _refresh(unit.session, [(there[loss.record_id, loss.kind], loss) for loss in again])
    if not new:
        return
    opened = not await _anything_in(unit.session, scope)
    rows = [_row(scope, loss, over) for loss, over in new]
    await put(unit.session, WITHHELD, rows)
    log.warning("losses_withheld", scope=scope.key, records=len(new), again=len(again))
    if opened:
        tray = await number_of_opened(unit.session, scope, rows[0]["held_at"])
        unit.record(_told(scope, [loss for loss, _ in new], new[0][1], tray))


async def seen_again(session: AsyncSession, integration_id: UUID, shown: Mapping[str, datetime]) -> None:
    """Take out of the tray who was observed, each at their time, after their absence was proven: nothing is left to decide."""
    held = (
        among(session, WITHHELD.c.source_id, "shown"),
        WITHHELD.c.state == "held",
        WITHHELD.c.integration_id == integration_id,
        WITHHELD.c.kind.in_(OF_ABSENCE),
        WITHHELD.c.proven_at <= max(shown.values()),
    )
    # Locked in the order in which whoever decides on the tray locks them, or the two could wait for each other.
    some = select(WITHHELD.c.id, WITHHELD.c.source_id, WITHHELD.c.proven_at).where(*held).order_by(WITHHELD.c.id).with_for_update()
    rows = await session.execute(some, {"shown": list(shown)})
    found = [row.id for row in rows if row.proven_at <= shown[row.source_id]]
    if found:
        await session.execute(update(WITHHELD).where(WITHHELD.c.id.in_(found)).values(state="moot", decided_at=now()))


async def lost_already(session: AsyncSession, records: Iterable[UUID]) -> None:
    """Take out of the tray whose records are deleted at the source: they cannot be lost any more than that."""
    for portion in portions(records):
        of_them = (WITHHELD.c.record_id.in_(portion), WITHHELD.c.state == "held")
        await session.execute(update(WITHHELD).where(*of_them).values(state="moot", decided_at=now()))


async def _anything_in(session: AsyncSession, scope: Scope) -> bool:
    held = select(WITHHELD.c.id).where(WITHHELD.c.scope == scope.key, WITHHELD.c.state == "held").limit(1)
    return await session.scalar(held) is not None


async def _refresh(session: AsyncSession, again: Sequence[tuple[UUID, Loss]]) -> None:
    rows = [{"this": entry_id, **_evidence(loss, prefix="new_")} for entry_id, loss in again]
    if rows:
        values: dict[str, Any] = {name.removeprefix("new_"): bindparam(name) for name in rows[0] if name != "this"}
        await session.execute(update(WITHHELD).where(WITHHELD.c.id == bindparam("this")).values(values), rows)


def _evidence(loss: Loss, *, prefix: str = "") -> dict[str, Any]:
    values = {
        "key": loss.key,
        "source_id": loss.source_id,
        "proof": loss.proof,
        "proven_at": loss.proven_at,
        "rule": loss.rule,
        "cause": loss.cause.model_dump(),
        "seen_at": now(),
    }
    return {f"{prefix}{name}": value for name, value in values.items()}


def _row(scope: Scope, loss: Loss, over: CrossedOut) -> dict[str, Any]:
    evidence = _evidence(loss)
    return {
        "id": new_id(),
        "scope": scope.key,
        "saas_instance_id": scope.id if scope.kind == "saas_instance" else None,
        "integration_id": loss.integration_id,
        "record_type": loss.record_type,
        "record_id": loss.record_id,
        "kind": loss.kind,
        **evidence,
        "crossed": over.model_dump(),
        "state": "held",
        "held_at": evidence["seen_at"],
    }


def _told(scope: Scope, losses: Sequence[Loss], over: CrossedOut, tray: int) -> RecordsWithheld:
    first = losses[0]
    return RecordsWithheld(
        saas_instance_id=scope.id if scope.kind == "saas_instance" else None,
        integration_id=first.integration_id,
        record_type=first.record_type,
        kind=first.kind,
        records=len({loss.record_id for loss in losses}),
        cause=first.cause,
        window=over.window,
        limit=over.limit,
        living=over.living,
        before=over.before,
        tray=tray,
    )
