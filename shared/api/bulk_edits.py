"""Bulk edits: the same change of many records, looked at before it is made."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import In, Out
from shared.api.records import RecordPatch
from shared.events.records import RecordType


class BulkEditIn(In):
    """What to change of which records. Nothing is changed yet: the answer says what would be."""

    object_type: RecordType
    rule: dict[str, Any] | None = Field(default=None, description="The records that meet this rule; all of them without one.")
    search: str | None = Field(default=None, max_length=500, description="Only People in whom each of these words begins a word.")
    change: RecordPatch
    idempotency_key: str | None = Field(
        default=None, min_length=1, max_length=200, description="The same key again gives the same bulk edit, and makes no second one."
    )


class BulkEditExample(Out):
    """One record that would change: each field with what it is and what it would be."""

    record_id: UUID
    changes: dict[str, tuple[Any, Any]]


class BulkEditOut(Out):
    """A bulk edit: what it would do, and once it was applied, what it did."""

    id: UUID
    object_type: RecordType
    rule: dict[str, Any] | None
    search: str | None
    change: dict[str, Any]
    state: Literal["previewed", "applied"]
    matched: int = Field(description="Records that the rule finds.")
    changing: int = Field(description="Those among them that change; the others are like this already.")
    losses: int = Field(description="SaaS users among them whom it deactivates: above its limits the guard withholds them all.")
    created_at: datetime
    created_by: str
    applied_at: datetime | None
    applied_by: str | None
    changed: int | None = Field(description="Records that were changed.")
    withheld: int | None = Field(description="Deactivations that wait in the guard's tray.")
    examples: list[BulkEditExample] = Field(default=[], description="The first that would change; only in the answer that previews.")
