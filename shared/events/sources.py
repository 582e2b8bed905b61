"""What the connector tells about a source: pages of raw users, complete listings, proven absences."""

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import override

from shared.events.base import Event, Part

Preference = Literal["create_and_update", "create_only", "update_only"]
UserSelection = Literal["user_only", "user_plus_saas_user"]
ObservedType = Literal["user", "device"]
RunMode = Literal["apply", "plan"]


class Provenance(Part):
    """Where observations come from, and what the integration asked to be done with them, as it stood when the run began."""

    integration_id: UUID
    integration_name: str
    provider: str
    object_type: ObservedType = Field(default="user", description="What the records describe: People are made of users, Assets of devices.")
    application: str | None = Field(
        default=None, description="Whose records they are: a device's user is looked for among the users of the same application."
    )
    run_id: UUID
    initial: bool = Field(description="No run of this integration has completed before: nothing that follows may start a workflow.")
    replayed: bool = Field(
        default=False,
        description="The records were read before, when `fetched_at` says, and are told again: who was observed since is left as they are.",
    )
    mode: RunMode = Field(default="apply", description="plan: what would become of the records is written down, and no record changes.")
    plan_run_id: UUID | None = Field(default=None, description="The run whose plan this one applies.")
    user_selection: UserSelection | None = Field(default=None, description="What to make of users; of devices there is nothing to choose.")
    preference: Preference
    saas_instance_id: UUID | None = None
    integration_user: str = Field(description="The account in whose name records change.")
    credential_name: str = Field(description="The name of the credential that signed in; empty for an uploaded file.")
    inputs: dict[str, str] = Field(
        default_factory=dict, description="The integration's inputs by key, such as `tenant_id` and `data_region`."
    )


class UsersObserved(Event):
    """One page of raw users was read from a source. `records` are as fetched, each with its `source_ids` entry."""

    topic: ClassVar[str] = "sources.users.observed.v1"
    told_by: ClassVar[str] = "connector"
    together: ClassVar[bool] = True

    provenance: Provenance
    page: int = Field(ge=1)
    part: str = Field(default="", description="The part of the source that the page shows, such as a tenant's id; empty: it has no parts.")
    fetched_at: datetime
    source_ids: list[str] = Field(description="The source's own id of each record, in the order of `records`.")
    records: list[dict[str, Any]]

    @property
    @override
    def key(self) -> str:
        return str(self.provenance.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"page {self.page} of {self.provenance.integration_name}: {len(self.records)} users observed"


class ListingCompleted(Event):
    """A run read the directory, or named parts of it, from the first page to the last: it alone may speak of absence, and only there."""

    topic: ClassVar[str] = "sources.listing.completed.v1"
    told_by: ClassVar[str] = "connector"

    provenance: Provenance
    pages: int
    records: int
    parts: list[str] = Field(
        default=[""],
        description="The parts of the source of which nothing was left out. Of users last observed in another part it says nothing.",
    )
    everything: bool = Field(default=True, description="No part of the source was left out.")

    @property
    @override
    def key(self) -> str:
        return str(self.provenance.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"listing of {self.provenance.integration_name} completed: {self.records} users on {self.pages} pages"


class IntegrationDeleted(Event):
    """An integration is gone for good, with its runs. What it made of people stays."""

    topic: ClassVar[str] = "sources.integration.deleted.v1"
    told_by: ClassVar[str] = "connector"

    integration_id: UUID
    integration_name: str
    deleted_by: str = Field(description="The account that deleted it.")

    @property
    @override
    def key(self) -> str:
        return str(self.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"integration {self.integration_name} deleted by {self.deleted_by}"


class ProofOfAbsence(Part):
    """The source was asked for one id and answered that it is not there."""

    source_id: str
    asked: str = Field(description="The question: method and path, without host or secret; of an uploaded file, its name and digest.")
    status: int = Field(description="The HTTP status of the answer; 404 is the only proof, also of an uploaded file.")
    asked_at: datetime
    source_correlation_id: str | None = Field(default=None, description="The source's own id of its answer.")


class UsersProvenAbsent(Event):
    """Users whom a complete listing did not show were asked for one by one, and are not there. May be empty."""

    topic: ClassVar[str] = "sources.users.absent.v1"
    told_by: ClassVar[str] = "connector"

    provenance: Provenance
    proofs: list[ProofOfAbsence]
    pages: int = Field(default=0, description="Pages of the complete listing that did not show them.")
    records: int = Field(default=0, description="Records on those pages.")

    @property
    @override
    def key(self) -> str:
        return str(self.provenance.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"{len(self.proofs)} users proven absent from {self.provenance.integration_name}"


class PlannedPageApproved(Event):
    """A page whose records the mapper holds, with what it would do to them, may be applied. `plan_run_id` is the run that read it."""

    topic: ClassVar[str] = "sources.page.approved.v1"
    told_by: ClassVar[str] = "connector"

    provenance: Provenance
    plan_run_id: UUID
    page: int = Field(ge=1)
    part: str = Field(default="", description="The part of the source that the page showed.")
    records: int = Field(ge=0, description="How many records the mapper was told on this page: as many must be accounted for.")

    @property
    @override
    def key(self) -> str:
        return str(self.provenance.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"page {self.page} of {self.provenance.integration_name} may be applied as planned: {self.records} records"
