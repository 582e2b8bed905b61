"""People, and everything that is kept about one of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from shared.api.assets import AssetOut
from shared.api.base import In, Out
from shared.api.history import OfMoment
from shared.api.records import TimelineEntry
from shared.api.saas_users import SaasUserOut
from shared.api.sync_keys import FieldKey


class PersonIn(In):
    """A person added by hand. Custom fields stand beside the built-in ones in `fields`."""

    fields: dict[FieldKey, Any]


class AnonymiseIn(In):
    """Confirms who loses everything personal: it cannot be taken back."""

    confirm: str = Field(max_length=1024, description="The person's username, as it is stored.")


class PersonOut(Out):
    """A Person: `fields` holds built-in and custom values by key."""

    id: UUID
    revision: int
    fields: dict[str, Any]
    archived_at: datetime | None = Field(default=None, description="Since when the person is kept out of lists, and no source writes them.")
    anonymised_at: datetime | None = Field(default=None, description="Since when nothing personal is left of them.")
    created_at: datetime
    updated_at: datetime


class PersonAt(PersonOut, OfMoment):
    """A Person, now or at a moment."""


class LinkOut(Out):
    """What a source calls somebody, and when it showed them."""

    integration_id: UUID
    source_id: str
    first_observed_at: datetime
    last_observed_at: datetime
    missing_since: datetime | None
    deleted_at: datetime | None
    says: dict[str, Any] = Field(
        default_factory=dict, description="What it says of fields that have an order, also where another source won."
    )
    last_observation: dict[str, Any] | None = Field(default=None, description="The last raw record, as the source gave it.")


class SubjectExport(Out):
    """Everything that is kept about one person, for the person."""

    exported_at: datetime
    person: PersonOut
    saas_users: list[SaasUserOut]
    assets: list[AssetOut]
    links: list[LinkOut]
    timeline: list[TimelineEntry] = Field(description="The newest 2000 entries.")
