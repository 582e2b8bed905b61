"""Versions of mappings, and what can be seen of a source before it is mapped."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.api.base import In, Name, Out
from shared.api.records import FilterIn, MappedFrom
from shared.api.runs import RunNote
from shared.api.sources import SourceField
from shared.api.sync_keys import AnySyncKey


class MappingVersionOut(Out):
    """One version, without what it maps."""

    version: int
    author: str
    note: str | None
    restored_from: int | None
    created_at: datetime
    targets: int = Field(description="How many fields it maps.")


class RestoreIn(In):
    """Asks for an older version to be stored again, as the newest."""

    note: str | None = Field(default=None, max_length=1000)
    based_on: int | None = Field(default=None, ge=0, description="The version that was read; refused when there is a newer one.")
    forecast: UUID | None = Field(default=None, description="Of a launched integration: the forecast of just this that was looked at.")


class TargetDiff(Out):
    """A field whose mapping differs; null: it is not mapped there."""

    field: str
    before: MappedFrom | None
    after: MappedFrom | None


class ApiFieldDiff(Out):
    """A custom API field that differs; null: it is not there."""

    label: str
    before: list[str] | None
    after: list[str] | None


class MappingDiff(Out):
    """What two versions of a mapping do not have in common."""

    integration_id: UUID
    from_version: int
    to_version: int
    targets: list[TargetDiff]
    sync_keys: tuple[list[AnySyncKey], list[AnySyncKey]] | None = Field(description="Before and after; null where they are the same.")
    clears: tuple[list[str], list[str]] | None = None
    restores_archived: tuple[bool, bool] | None = None
    filter: tuple[FilterIn | None, FilterIn | None] | None = Field(description="Before and after; null where they are the same.")
    api_fields: list[ApiFieldDiff]


class ReviewIn(In):
    """Raw records as a source gave them, and the fields that its provider names."""

    records: list[dict[str, Any]] = Field(max_length=500)
    source_fields: list[SourceField]


class ReviewedField(Out):
    """One place in the records of a source."""

    path: list[str]
    typed: str = Field(description="The path as people type it.")
    label: str | None = Field(description="What the provider or the mapping calls it.")
    custom: bool = Field(description="Whether it is a custom API field of the mapping.")
    types: list[str] = Field(description="text, datetime, number, boolean, list, object: what its values are.")
    filled: int = Field(description="In how many of the records it is not empty.")
    samples: list[str] = Field(description="Up to three different values, shortened.")
    targets: list[str] = Field(description="The fields that take their value from it.")


class ReviewOut(Out):
    """What a source answered, place by place. Nothing of it is stored."""

    records: int
    fields: list[ReviewedField]
    truncated: bool = Field(description="Whether the records have more places than are shown.")
    notes: list[RunNote] = Field(default_factory=list, description="What a run would say beside the records.")


class RejectedAs(In):
    """That a record must be rejected: with which code, over which field."""

    code: str = Field(max_length=100)
    field: str = Field(max_length=100)


class Expectation(In):
    """What a mapping must make of a record: these values, whatever others there are, or this rejection."""

    values: dict[str, Any] | None = None
    rejected: RejectedAs | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.values is None) == (self.rejected is None):
            raise ValueError("give either values or rejected")
        return self


class SampleIn(In):
    """A real record to be kept beside the mapping. Without `expected`, what the mapping makes of it now is expected for ever."""

    name: Name
    record: dict[str, Any]
    inputs: dict[str, str] = Field(default_factory=dict, max_length=50, description="The integration's inputs that the mapping may use.")
    expected: Expectation | None = None


class SampleDifference(Out):
    """Where a mapping makes something else of a sample than is expected; the field `rejected` is the rejection itself."""

    field: str
    expected: Any
    actual: Any


class SampleOut(Out):
    """A pinned sample, and what the newest version of the mapping makes of it."""

    id: UUID
    name: str
    record: dict[str, Any]
    inputs: dict[str, str]
    expected: Expectation
    actual: Expectation
    differences: list[SampleDifference] = Field(description="Empty where the mapping makes of it what is expected.")
    author: str
    created_at: datetime
    changed_at: datetime
