"""What Sophos Central answers, read leniently: what we do not need is not checked, what we need must be there."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connector.sources.base import Observed
from shared.events.syncs import Rejection

LONGEST_ID = 200


class Lenient(BaseModel):
    """Unknown fields are ignored: Sophos adds some over time."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Token(Lenient):
    """The answer to a sign-in."""

    access_token: str = Field(min_length=1, repr=False)
    expires_in: int = Field(default=3600, ge=0)


class ApiHosts(Lenient):
    """Where the credential's data is."""

    dataRegion: str | None = None  # noqa: N815 - Sophos' spelling


class WhoAmI(Lenient):
    """Whose credential it is."""

    id: str = Field(min_length=1, max_length=LONGEST_ID)
    idType: str  # noqa: N815 - Sophos' spelling
    apiHosts: ApiHosts = ApiHosts()  # noqa: N815 - Sophos' spelling


class Pages(Lenient):
    """Where in the listing a page stands. Anything that is not a number counts as not said."""

    current: int | None = None
    size: int | None = None
    total: int | None = None

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_nothing(cls, value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError:
            return None


def observed(records: list[Any]) -> tuple[list[Observed], list[Rejection]]:
    """Part the records that can be told apart from those that cannot: a user needs an id, nothing else."""
    users: list[Observed] = []
    rejected: list[Rejection] = []
    for record in records:
        told = record.get("id") if isinstance(record, dict) else None
        if isinstance(told, str) and 0 < len(told) <= LONGEST_ID and "\x00" not in told:
            users.append(Observed(told, record))
        else:
            rejected.append(_without_id(record))
    return users, rejected


def _without_id(record: Any) -> Rejection:
    return Rejection(
        source_id="",
        code="record_without_id",
        message="the source gave a user without a usable id",
        field="id",
        remedy="Look at the record and at the user in Sophos Central; without an id it cannot be told from others.",
        record=record if isinstance(record, dict) else {"value": record},
    )
