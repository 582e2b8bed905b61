"""What the mapper hears."""

from collections.abc import Sequence

from mapper.mappings.forgetting import forget
from mapper.pages.absence import mark_missing, suspect
from mapper.pages.applying import apply_pages
from mapper.plans.approving import apply_planned
from mapper.requests.requests import apply_requests
from shared.bus.subscriptions import Lane, Subscriptions
from shared.events import (
    IntegrationDeleted,
    ListingCompleted,
    PlannedPageApproved,
    RecordChangesRequested,
    UsersObserved,
    UsersProvenAbsent,
)
from shared.unit import Unit

subscriptions = Subscriptions("mapper")
SYNC = Lane("sync")
REQUESTS = Lane("requests")


@subscriptions.on_several(UsersObserved, lane=SYNC)
async def users_observed(events: Sequence[UsersObserved], unit: Unit) -> None:
    """Apply pages."""
    await apply_pages(unit, events)


@subscriptions.on(PlannedPageApproved, lane=SYNC)
async def planned_page_approved(event: PlannedPageApproved, unit: Unit) -> None:
    """Do what a page's plan says."""
    await apply_planned(unit, event)


@subscriptions.on(ListingCompleted, lane=SYNC)
async def listing_completed(event: ListingCompleted, unit: Unit) -> None:
    """Name who was not shown; every page of the run has been applied before, since they share one order."""
    await suspect(unit, event)


@subscriptions.on(UsersProvenAbsent, lane=SYNC)
async def users_proven_absent(event: UsersProvenAbsent, unit: Unit) -> None:
    """Mark who is missing."""
    await mark_missing(unit, event)


@subscriptions.on(IntegrationDeleted, lane=SYNC)
async def integration_deleted(event: IntegrationDeleted, unit: Unit) -> None:
    """Forget how its records were mapped; they stay."""
    await forget(unit.session, event.integration_id)


@subscriptions.on(RecordChangesRequested, lane=REQUESTS)
async def record_changes_requested(event: RecordChangesRequested, unit: Unit) -> None:
    """Do what workflow steps ask for."""
    await apply_requests(unit, event)
