"""Forecasts: what a changed configuration would do to the records that are known, before it is saved."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from shared.api.base import In, Out
from shared.api.checks import CheckExample
from shared.api.mappings import MappingIn
from shared.api.plans import PlanAction
from shared.events.records import Change, RecordType
from shared.events.sources import Preference, UserSelection

MOST_CHANGES = 1_000
FORECAST_NEEDED = "forecast_needed"
ForecastState = Literal["counting", "asking", "done"]


class ForecastIn(In):
    """A configuration that is thought of; what is left out stays as it is."""

    mapping: MappingIn | None = Field(default=None, description="The mapping with its sync keys and its filter.")
    preference: Preference | None = None
    user_selection: UserSelection | None = None
    saas_instance_id: UUID | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "ForecastIn":
        if self.mapping is None and self.preference is None and self.user_selection is None:
            raise ValueError("give at least one of mapping, preference and user_selection")
        return self


class ForecastNeededIn(ForecastIn):
    """A configuration that is about to be saved, and the forecast of it that was looked at."""

    forecast: UUID | None = None


class WorkflowForecast(Out):
    """What a changed configuration means to one active workflow."""

    workflow_id: UUID
    name: str
    object_type: RecordType
    trigger: Literal["manual", "record_changed"]
    starts: int = Field(default=0, description="Runs that it would start by itself: none, as a change of configuration alone is quiet.")
    newly_matching: int = Field(
        description="Records that would meet its Begin rule and do not now: a sweep by hand would run for them, too."
    )


class ForecastOut(Out):
    """What the next run would do if its source showed what it showed last. Nothing was changed."""

    id: UUID
    integration_id: UUID
    state: ForecastState
    base_version: int = Field(description="The version of the mapping that there was; the forecast holds for changing this one.")
    records: int = Field(description="Records whose last observation is known.")
    seen: int = Field(description="How many of them have been looked at.")
    actions: dict[PlanAction, int]
    fields: dict[str, int] = Field(description="How many records would have another value, by field.")
    examples: dict[PlanAction, list[CheckExample]] = Field(description="Up to three records of each kind.")
    starts: int = Field(default=0, description="Runs of workflows that would start by themselves: none.")
    workflows: list[WorkflowForecast] = Field(description="Active workflows whose Begin rule more records would meet.")
    notes: list[str] = Field(description="What has to be known beside the numbers, such as records of which nothing is known.")
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


class MatchesIn(In):
    """Changes of records, each as an event would tell it."""

    record_type: RecordType
    changes: list[Change] = Field(max_length=MOST_CHANGES)


class MatchesOut(Out):
    """How many of the records each active workflow's Begin rule would newly let in."""

    workflows: list[WorkflowForecast]
