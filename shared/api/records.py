"""What records of every type have in common: changing them, paging through them, what happened to them."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from shared.api.base import In, Out
from shared.api.sync_keys import FieldKey
from shared.events.records import Cause, ChangeKind, RecordType
from shared.http.paging import Page

T = TypeVar("T")
Items = Annotated[list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]], Field(max_length=100)]


class RecordPatch(In):
    """Field values to change (null empties a field), and items to add to lists or to take out of them, such as tags."""

    fields: dict[FieldKey, Any] = Field(default={})
    add: dict[FieldKey, Items] = Field(default={}, description="Items of lists; one that is there, whatever its case, stays as it is.")
    remove: dict[FieldKey, Items] = Field(default={}, description="Items of lists; one that is not there is no mistake.")
    release: list[FieldKey] = Field(
        default=[], max_length=200, description="Fields to give back to their sources: hand edits of them are kept no longer."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "RecordPatch":
        if not (self.fields or self.add or self.remove or self.release):
            raise ValueError("give at least one of fields, add, remove and release")
        if twice := sorted(self.fields.keys() & (self.add.keys() | self.remove.keys())):
            raise ValueError(f"says of {', '.join(twice)} both what it is and what to add or remove")
        if twice := sorted(set(self.release) & (self.fields.keys() | self.add.keys() | self.remove.keys())):
            raise ValueError(f"both changes {', '.join(twice)} and gives it back to its sources")
        return self


class RecordChange(RecordPatch):
    """A change of one record, by whoever has seen it."""

    revision: int | None = Field(
        default=None, ge=1, description="The revision that was seen: the change is refused when the record has changed since."
    )


class RecordPage(Page[T], Generic[T]):
    """One page of a list of records. Beyond some thousand records, `total` is estimated from a sample."""

    total_is_estimate: bool = Field(default=False, description="Whether `total` is an estimate.")


class TimelineEntry(Out):
    """One thing that happened to a person or to one of their SaaS users, with its cause."""

    at: datetime
    kind: ChangeKind | Literal["observed", "roles_set", "flagged"]
    record_type: RecordType
    record_id: UUID
    summary: str
    fields: dict[str, tuple[Any, Any]]
    cause: Cause
    proof: dict[str, Any] | None = None
    correlation_id: UUID


class RecordQuery(In):
    """A list asked for by another service: a rule, and where to go on."""

    rule: dict[str, Any] | None = None
    ids: list[UUID] | None = Field(default=None, max_length=1000)
    cursor: str | None = None
    limit: int = Field(default=200, ge=1, le=1000)


class FlatRecord(Out):
    """A record as rules see it."""

    id: UUID
    revision: int
    fields: dict[str, Any]
