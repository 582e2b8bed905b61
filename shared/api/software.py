"""Software: entries of the catalogue, and the SaaS instances of each."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.api.base import In, Name, Out

Detail = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Website = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^https?://\S+$")]


class ApplicationIn(In):
    """A new entry of the software catalogue."""

    name: Name
    category: Detail | None = None
    publisher: Detail | None = None
    url: Website | None = Field(default=None, description="Where people read about it; never asked by us.")


class ApplicationPatch(In):
    """What is to change of an entry; null empties a detail, leaving it out keeps it."""

    name: Name | None = None
    category: Detail | None = None
    publisher: Detail | None = None
    url: Website | None = None


class SaasInstanceIn(In):
    """Asks for an instance of an application: the one there is, or a new one if there is none."""

    application: Name = Field(description="Its name in the catalogue, or one that it had; what the catalogue lacks is added to it.")
    name: Name | None = Field(
        default=None, description="Of one of several, such as a region; left out: the only one, called as the application."
    )


class SaasInstancePatch(In):
    """What is to change of an instance; what is left out stays."""

    name: Name | None = None
    application_id: UUID | None = Field(default=None, description="The entry of the catalogue that it belongs to.")


class SaasInstanceOut(Out):
    """One software entry under Software > SaaS."""

    id: UUID
    application_id: UUID
    application: str
    name: str
    users: int = Field(description="SaaS users, also those who are deactivated or missing.")
    created_at: datetime


class ApplicationOut(Out):
    """An entry of the software catalogue, and how much it is used."""

    id: UUID
    name: str
    also_known_as: list[str] = Field(default_factory=list, description="Names that it had: integrations and callers find it by these, too.")
    category: str | None
    publisher: str | None
    url: str | None
    instances: int
    users: int = Field(description="SaaS users of all its instances; a person who has two is two.")
    created_at: datetime
    updated_at: datetime
