"""Runs of integrations, and the records of a run that could not be applied."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import In, Out
from shared.events.syncs import PageCounts

RunKind = Literal["full", "quick", "replay", "apply"]
RunMode = Literal["apply", "plan"]
RunState = Literal[
    "queued", "running", "applying", "waiting_for_approval", "completed", "completed_with_errors", "empty", "failed", "cancelled"
]
ENDED: frozenset[str] = frozenset({"completed", "completed_with_errors", "empty", "failed", "cancelled"})


class RunIn(In):
    """What a run is asked for."""

    kind: Literal["full", "quick"] = Field(
        default="full", description="quick reads only what changed since the last run, and says of nobody that they are gone."
    )
    mode: RunMode = Field(
        default="apply", description="plan writes no record: it shows what the run would do, to be looked at, and applied as it stands."
    )


class ReplayIn(In):
    """Which errors to tell again."""

    error_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="Some of the run's errors; left out: all."
    )


class RunProgress(Out):
    """How far a run is. What the source did not tell, and what nothing was measured of, is null."""

    pages: int
    pages_applied: int
    records: int
    total: int | None = Field(description="Records that the source announced.")
    records_per_second: float | None = Field(description="Over the last minute; read while it reads, applied while it is applied.")
    to_ask: int | None = Field(
        default=None, description="While absences are proven: users whom the listing did not show, and who are asked for one by one."
    )
    asked: int | None = Field(default=None, description="How many of them were asked for so far.")
    questions_per_second: float | None = Field(default=None, description="Over the last minute.")
    seconds_left: float | None = Field(description="Until everything is read, asked for, or applied, at that rate.")


class RunPageOut(Out):
    """One page of a run, and how long each of its steps took."""

    page: int
    kind: Literal["listing", "drift", "replay", "plan"] = Field(
        description="drift: users whom the listing did not show, and who are there; plan: a page of the plan that is applied."
    )
    records: int
    fetched_at: datetime
    fetch_ms: int | None = Field(description="How long the source took, with everything that was waited for.")
    committed_at: datetime | None
    applied_at: datetime | None
    applied_lag_ms: int | None = Field(description="From when the page was stored to when it was known to be applied.")


class RunLogEntry(Out):
    """One entry of a run's log."""

    at: datetime
    kind: str = Field(description="state, page, applied, errors, failure (of a request that may pass), throttled, or full.")
    correlation_id: UUID
    details: dict[str, Any]


class RunNote(Out):
    """Something that a run says beside its records, and that is no error."""

    code: str
    message: str
    remedy: str | None = None
    about: str = Field(default="", description="An id of the source, such as a tenant's; empty: the whole run.")


class RunOut(Out):
    """One execution of an integration. `fetched` = the sum of `counts`, once it has completed."""

    id: UUID
    integration_id: UUID
    kind: RunKind = Field(description="full reads the whole directory, and alone may speak of absence.")
    mode: RunMode
    state: RunState
    pages: int
    fetched: int
    counts: PageCounts
    progress: RunProgress
    missing: int
    newly_missing: int
    withheld_losses: int = Field(default=0, description="Users proven absent who wait in the tray of the guard; nothing was changed.")
    held_values: int = Field(
        default=0, description="Values that its records say and that were not written, since a source or a hand of a higher place won."
    )
    requests: int = Field(description="Requests that were spent at the source.")
    error: dict[str, Any] | None = None
    notes: list[RunNote] = Field(default_factory=list)
    correlation_id: UUID
    requested_by: str
    file_id: UUID | None = Field(default=None, description="The uploaded file that it reads.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    since: datetime | None = Field(default=None, description="Of a quick run: from when on changes were read, on the source's clock.")
    replay_of: UUID | None = Field(default=None, description="Of a replay: the run whose errors it tells again.")
    plan_of: UUID | None = Field(default=None, description="Of a run that applies a plan: the run that planned.")
    would_update: int = Field(default=0, description="Updates on pages that are held back until all is read, or somebody approves.")
    existing: int = Field(default=0, description="Records that the integration had, where pages are held back.")
    cancel_requested_at: datetime | None = None
    cancel_requested_by: str | None = None


class RunErrorOut(Out):
    """A record of a run that could not be applied."""

    id: UUID
    run_id: UUID
    page: int
    source_id: str
    code: str
    message: str
    field: str | None
    remedy: str | None
    record: dict[str, Any] | None = Field(description="As the source gave it; null once it was redacted, or is kept no longer.")
    redacted_at: datetime | None = None
    redacted_by: str | None = None
    replay_run_id: UUID | None = Field(default=None, description="The run that tells the record again.")
    replayed_at: datetime | None = Field(default=None, description="When that run told it; whether it was applied, that run says.")
