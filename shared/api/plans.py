"""Plans: what a run would do, written down record by record, and what became of it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import Out

PlanAction = Literal["create", "update", "unchanged", "skip", "filter", "reject", "missing"]
PlanOutcome = Literal["applied", "moved", "failed"]


class PlanOut(Out):
    """A run's plan, counted."""

    run_id: UUID
    integration_id: UUID
    planned_at: datetime
    expires_at: datetime = Field(description="Until when it is kept, and can be applied.")
    mapping_version: int
    current_mapping_version: int = Field(description="Where it differs from mapping_version, the plan can be applied no more.")
    actions: dict[PlanAction, int]
    outcomes: dict[PlanOutcome, int] = Field(description="What became of its records once it was applied; empty before.")


class PlanItemOut(Out):
    """What would become of one record."""

    page: int = Field(description="The page that showed it; 0 for who is missing.")
    place: int
    source_id: str
    action: PlanAction
    person_id: UUID | None = Field(description="The person there is; null for one who would be created.")
    saas_user_id: UUID | None
    asset_id: UUID | None = None
    changes: dict[str, dict[str, tuple[Any, Any]]] = Field(description="By kind of record and field: the value before and after.")
    problem: dict[str, Any] | None = Field(description="Why it would be rejected.")
    proof: dict[str, Any] | None = Field(description="Of who is missing: what the source was asked, and what it said.")
    outcome: PlanOutcome | None = Field(
        description="applied; moved: the record changed after it was planned, and was left as it is; failed: it fits no longer."
    )
