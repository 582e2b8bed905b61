"""Real records kept beside a mapping, and what it must make of them."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.api.base import In, Name, Out


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
