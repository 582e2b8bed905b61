"""What Sophos Central answers, read leniently: what we do not need is not checked, what we need must be there."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connector.sources.base import Observed
from connector.storable import unstorable_in
from shared.events.syncs import Rejection

LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose data it is, and where. `name` is known when a partner or an organization listed the tenant."""

    id: str
    base_url: str
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name else self.id


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


class TenantListed(Lenient):
    """A tenant as its partner or organization sees it. Some have no host."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=LONGEST_ID)
    name: str | None = None
    apiHost: str | None = None  # noqa: N815 - Sophos' spelling


class Pages(Lenient):
    """Where in the listing a page stands. Anything that is not a number counts as not said."""

    current: int | None = None
    size: int | None = None
    total: int | None = None
    items: int | None = None

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_nothing(cls, value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError:
            return None


def observed(records: list[Any], tenant: Tenant) -> tuple[list[Observed], list[Rejection]]:
    """Part the records that can be told apart from those that cannot: each needs an id, nothing else. Each says its tenant."""
    users: list[Observed] = []
    rejected: list[Rejection] = []
    for record in records:
        told = record.get("id") if isinstance(record, dict) else None
        if isinstance(told, str) and 0 < len(told) <= LONGEST_ID and unstorable_in(told) is None:
            users.append(Observed(told, in_its_tenant(record, tenant)))
        else:
            rejected.append(_without_id(record))
    return users, rejected


def in_its_tenant(record: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    """Return the record with the tenant it was read in, which a minimal record lacks, and the tenant's name where that is known."""
    told = record.get("tenant")
    if isinstance(told, dict) and "id" in told and (not tenant.name or "name" in told):
        # Most say it themselves: thousands of copies a second would be for nothing.
        return record
    known = {"id": tenant.id, **({"name": tenant.name} if tenant.name else {})}
    return {**record, "tenant": {**known, **told} if isinstance(told, dict) else known}


def _without_id(record: Any) -> Rejection:
    return Rejection(
        source_id="",
        code="record_without_id",
        message="the source gave a record without a usable id",
        field="id",
        remedy="Look at the record in Sophos Central; without an id it cannot be told from others.",
        record=record if isinstance(record, dict) else {"value": record},
    )
