"""Users of SaaS instances, and the roles that they have there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from shared.api.base import Out
from shared.api.history import OfMoment


class SaasRole(Out):
    """A role in a SaaS."""

    external_id: str | None = Field(description="What the SaaS calls it; null where it gives no id.")
    label: str


class SaasRoleOut(SaasRole):
    """A role of a SaaS instance, with how many of its users have it."""

    users: int


class SaasUserOut(Out):
    """One user of one SaaS instance. `fields` holds the flat values as rules see them."""

    id: UUID
    person_id: UUID
    saas_instance_id: UUID
    revision: int
    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class SaasUserAt(SaasUserOut, OfMoment):
    """A SaaS user, now or at a moment."""

    roles: list[SaasRole] = Field(default_factory=list, description="The roles with their ids, as the SaaS calls them today.")
