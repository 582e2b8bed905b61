"""What the mapper answers the connector during a run, and how the connector tells that a run ended."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import override

from shared.events.base import Event, Part


class Rejection(Part):
    """One record of a page that could not be applied: it never stops the page."""

    source_id: str
    code: str
    message: str
    field: str | None = None
    remedy: str | None = None
    record: dict[str, Any] | None = Field(default=None, description="The raw record, so that it can be replayed once the cause is mended.")


class PageCounts(Part):
    """What became of the records of a page. Their sum is the number of records fetched."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    filtered: int = 0
    skipped: int = Field(default=0, description="Held back by the integration's preference (create only, update only).")
    failed: int = 0
    withheld: int = 0

    @property
    def total(self) -> int:
        """Return how many records were accounted for."""
        return self.added + self.updated + self.unchanged + self.filtered + self.skipped + self.failed + self.withheld


class PageApplied(Event):
    """The mapper applied one page of observations, in one transaction."""

    topic: ClassVar[str] = "sync.page.applied.v1"
    told_by: ClassVar[str] = "mapper"
    together: ClassVar[bool] = True

    integration_id: UUID
    run_id: UUID
    page: int
    counts: PageCounts
    held_values: int = Field(default=0, description="Values that its records say and that were not written: somebody higher won.")
    rejections: list[Rejection] = Field(default_factory=list)

    @property
    @override
    def key(self) -> str:
        return str(self.integration_id)

    @property
    @override
    def summary(self) -> str:
        told = (f"{count} {name}" for name, count in self.counts.model_dump().items() if count)
        return f"page {self.page} applied: {', '.join(told) or 'nothing'}"


class PageStaged(Event):
    """The mapper wrote down what a page would change, and changed nothing: the run has begun to rewrite many records."""

    topic: ClassVar[str] = "sync.page.staged.v1"
    told_by: ClassVar[str] = "mapper"

    integration_id: UUID
    run_id: UUID
    page: int
    records: int
    would_update: int = Field(description="Records of this page that would be updated.")
    existing: int = Field(description="Records that the integration had when the run changed the first one.")

    @property
    @override
    def key(self) -> str:
        return str(self.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"page {self.page} staged: {self.records} records, {self.would_update} of {self.existing} would be updated"


class AbsenceSuspected(Event):
    """After a complete listing: the users known from this integration whom the listing did not show. A suspicion, not a proof."""

    topic: ClassVar[str] = "sync.absence.suspected.v1"
    told_by: ClassVar[str] = "mapper"

    integration_id: UUID
    run_id: UUID
    source_ids: list[str]
    parts: list[str] = Field(
        default_factory=list,
        description="The part of the source in which each was observed last, in the order of `source_ids`. Empty: the source has no parts.",
    )

    @property
    @override
    def key(self) -> str:
        return str(self.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"{len(self.source_ids)} users were not in the listing"


class AbsenceApplied(Event):
    """The mapper marked as missing the users who were proven absent. `missing` counts all who are missing after this run."""

    topic: ClassVar[str] = "sync.absence.applied.v1"
    told_by: ClassVar[str] = "mapper"

    integration_id: UUID
    run_id: UUID
    missing: int = Field(description="Users of the integration who are missing now, those proven absent in earlier runs included.")
    newly_missing: int
    withheld: int = Field(default=0, description="Users proven absent who were not marked: they wait in the tray of the guard.")

    @property
    @override
    def key(self) -> str:
        return str(self.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"{self.missing} users missing, {self.newly_missing} of them newly; {self.withheld} withheld"


class RunFinished(Event):
    """A run ended: in `completed`, `completed_with_errors`, `empty`, `failed` or `cancelled`."""

    topic: ClassVar[str] = "sync.run.finished.v1"
    told_by: ClassVar[str] = "connector"
    needed: ClassVar[bool] = False

    integration_id: UUID
    run_id: UUID
    state: str
    mode: Literal["apply", "plan"] = Field(default="apply", description="plan: nothing was changed; the counts say what would have been.")
    counts: PageCounts
    fetched: int
    missing: int
    error: dict[str, Any] | None = None

    @property
    @override
    def key(self) -> str:
        return str(self.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"run {self.state}: {self.fetched} fetched, {self.counts.added} added, {self.counts.updated} updated, {self.missing} missing"
