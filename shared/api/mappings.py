"""Mappings and their versions, and what can be seen of a source before it is mapped."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, field_validator

from shared.api.base import Gap, In, Name, Out
from shared.api.filters import FilterIn
from shared.api.mapped_from import MappedFrom
from shared.api.runs import RunNote
from shared.api.source_paths import SourcePath
from shared.api.sources import SourceField
from shared.api.sync_keys import MOST_KEYS, AnySyncKey, FieldKey, SyncKey, SyncKeyOut
from shared.events.sources import ObservedType


class ApiField(In):
    """A field of the source that its provider does not name: a label of one's own, and where it is in a raw record."""

    label: Name
    path: SourcePath


MappedType = Literal["person", "asset"]
MADE_OF: dict[ObservedType, MappedType] = {"user": "person", "device": "asset"}
"""What records are made of what a source describes."""


class MappingIn(In):
    """Field ← where its value comes from, and the unique fields by which a record is found, in order."""

    object_type: MappedType = Field(default="person", description="Of which records the targets are fields: assets are made of devices.")
    targets: dict[FieldKey, MappedFrom] = Field(max_length=200)
    sync_keys: list[AnySyncKey] = Field(
        max_length=MOST_KEYS, description="By what a record is found, the primary key first: unique fields, or several fields together."
    )
    clears: list[FieldKey] = Field(
        default_factory=list, max_length=200, description="Targets that a blank value empties. Of all others it keeps what is there."
    )
    restores_archived: bool = Field(default=False, description="A match on an archived person brings them back. Off: it is skipped.")
    filter: FilterIn | None = Field(default=None, description="Only records that meet it are written. Null: every record is.")
    api_fields: list[ApiField] = Field(default_factory=list, max_length=200, description="Custom API fields, beside those of the provider.")
    note: str | None = Field(default=None, max_length=1000, description="Why it was changed, for those who read the versions.")
    based_on: int | None = Field(default=None, ge=0, description="The version that was read; refused when there is a newer one.")
    forecast: UUID | None = Field(
        default=None, description="Of a launched integration: the forecast of just this mapping that was looked at."
    )

    @field_validator("sync_keys")
    @classmethod
    def _briefly(cls, given: list[AnySyncKey]) -> list[AnySyncKey]:
        return [SyncKey.of(one).short for one in given]


class MappingOut(Out):
    """A stored version of a mapping. Version 0 is the empty mapping of a new integration."""

    integration_id: UUID
    version: int
    object_type: MappedType = "person"
    targets: dict[str, MappedFrom]
    sync_keys: list[AnySyncKey]
    finds_by: list[SyncKeyOut] = Field(default_factory=list, description="What each sync key does, in words.")
    clears: list[str] = Field(default_factory=list)
    restores_archived: bool = False
    filter: FilterIn | None = None
    api_fields: list[ApiField] = Field(default_factory=list)
    author: str | None
    note: str | None = None
    restored_from: int | None = Field(default=None, description="The older version that this one brought back.")
    created_at: datetime | None


class ReadinessOut(Out):
    """What a mapping lacks before its integration can be launched."""

    missing: list[Gap]


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
