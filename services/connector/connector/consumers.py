"""What the connector hears from the mapper during a run. Handlers only store; workers speak to sources."""

from collections.abc import Iterator, Sequence

from sqlalchemy import update

from connector.notices.trays import say_emptied, say_withheld
from connector.runs.books import enter_pages, settle
from connector.runs.log import log_state
from connector.runs.phases import ABSENCE, PROVING, SETTLING, SUSPECTING
from connector.runs.rewrites import approve_or_wait, enter_staged
from connector.runs.runs import read_row
from connector.runs.suspects import Suspect, suspect
from connector.tables import RUNS
from shared.bus.subscriptions import Lane, Subscriptions
from shared.clock import now
from shared.events.records import RecordsWithheld, TrayEmptied
from shared.events.syncs import AbsenceApplied, AbsenceSuspected, PageApplied, PageStaged
from shared.unit import Unit

subscriptions = Subscriptions("connector")

SYNCS = Lane("syncs")
"""One order for all that the mapper says about a run."""


@subscriptions.on_several(PageApplied, lane=SYNCS)
async def count_pages(events: Sequence[PageApplied], unit: Unit) -> None:
    """Enter the pages in the books of their run; also of one that has failed meanwhile."""
    await enter_pages(unit, events)


@subscriptions.on(PageStaged, lane=SYNCS)
async def count_staged_page(event: PageStaged, unit: Unit) -> None:
    """Enter a page that waits until all of its run is known."""
    await enter_staged(unit, event)
    await settle(unit, event.run_id)


@subscriptions.on(AbsenceSuspected, lane=SYNCS)
async def store_suspects(event: AbsenceSuspected, unit: Unit) -> None:
    """Store whom to ask for, and let a worker do it. A run that does not wait for this is left as it is."""
    waiting = update(RUNS).where(RUNS.c.id == event.run_id, RUNS.c.phase == SUSPECTING)
    taken = await unit.session.execute(waiting.values(phase=PROVING, lease_until=None, applying_since=now()).returning(RUNS.c.id))
    if taken.first() is not None:
        await suspect(unit.session, event.run_id, _suspects(event))
        await log_state(unit.session, event.run_id, "proving", suspects=len(event.source_ids))
        row = await read_row(unit.session, event.run_id)
        if row.pages_staged:
            # A run that would rewrite too much may have read somewhere else: it says of nobody yet that they are gone.
            await approve_or_wait(unit, row, PROVING)


@subscriptions.on(AbsenceApplied, lane=SYNCS)
async def close_books(event: AbsenceApplied, unit: Unit) -> None:
    """Note who is missing, and end the run if all its pages are applied."""
    waiting = update(RUNS).where(RUNS.c.id == event.run_id, RUNS.c.phase == ABSENCE)
    values = {"missing": event.missing, "newly_missing": event.newly_missing, "withheld_losses": event.withheld}
    await unit.session.execute(waiting.values(phase=SETTLING, **values))
    await settle(unit, event.run_id)


@subscriptions.on(RecordsWithheld, lane=SYNCS)
async def tell_of_tray(event: RecordsWithheld, unit: Unit) -> None:
    """Tell contacts that losses wait for somebody."""
    await say_withheld(unit.session, event)


@subscriptions.on(TrayEmptied, lane=SYNCS)
async def tell_of_emptied_tray(event: TrayEmptied, unit: Unit) -> None:
    """Close what was told of it."""
    await say_emptied(unit.session, event)


def _suspects(event: AbsenceSuspected) -> Iterator[Suspect]:
    parts = event.parts or [""] * len(event.source_ids)
    return map(Suspect, event.source_ids, parts)
