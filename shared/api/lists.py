"""Lists of records, as they are kept, looked at and exported."""

from typing import Any

from pydantic import Field

from shared.api.base import In, Out
from shared.api.sync_keys import FieldKey


class ListIn(In):
    """A list as it is kept or exported: which records, in which order, with which fields."""

    rule: dict[str, Any] | None = Field(default=None, description="The records that meet this rule; all of them without one.")
    search: str | None = Field(default=None, max_length=500, description="Only People in whom each of these words begins a word.")
    sort: str | None = Field(default=None, max_length=100, description="A field; `-` before it for descending.")
    fields: list[FieldKey] | None = Field(default=None, min_length=1, max_length=200, description="The fields wanted; all without it.")


class ListCheckIn(ListIn):
    """A list that is to be looked at before it is used; counted up to `count_to`, if that is given."""

    count_to: int | None = Field(default=None, ge=0)


class ListCheckOut(Out):
    """What is to be known of a list before it is read to its end."""

    records: int | None = Field(description="How many there are; one more than `count_to` when there are more than that.")
    by_index: bool = Field(description="Whether each page is found by an index, however far down it is.")
