"""Bodies that are sent (unknown fields refused) and answers that are read (unknown fields ignored)."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC. Raises `ValueError` when the calendar ends before it."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is beyond the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A moment with its time zone, as it is sent; read in UTC."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class In(BaseModel):
    """A request body: a field we do not know is a mistake of the sender."""

    model_config = ConfigDict(extra="forbid", str_max_length=10_000, hide_input_in_errors=True)


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="ignore", from_attributes=True, hide_input_in_errors=True)


class Gap(Out):
    """Something that is missing, and how to supply it."""

    field: str
    message: str
    remedy: str
