"""What can be set for a tenant: behaviour that the public description leaves open, or that a test wants otherwise."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """One tenant's switches. The defaults are what the description says, or our best guess."""

    model_config = ConfigDict(extra="forbid")

    token_life: float = Field(default=3600, gt=0, description="Seconds that a token lives.")
    grant_type_needed: bool = Field(default=True, description="Whether a sign-in without the right grant_type answers 400.")
    client_disabled: bool = Field(default=False, description="Sign-in answers 401 oauth.client_disabled.")
    read_only: bool = Field(default=False, description="The credential may only read: writes answer 403.")

    requests_per_minute: int = Field(default=0, ge=0, description="More than this answers 429; 0 counts nothing. Sophos: 100.")
    burst: int = Field(default=0, ge=0, description="Requests above the limit that may be spent at once. Sophos: 200.")
    rate_window: float = Field(default=60, gt=0, description="Seconds of that minute, for a test that cannot wait.")
    requests_per_day: int = Field(default=0, ge=0, description="As above, in the 24 hours from the first one. Sophos: 200,000.")
    retry_after: bool = Field(default=True, description="Whether such a 429 has Retry-After.")

    page_size_above_maximum: Literal["refuse", "cut"] = Field(default="cut", description="400, or as if 100 were asked.")
    malformed: Literal["refuse", "ignore"] = Field(
        default="refuse", description="400 for page=0, an unknown sort or sourceType and the like, or as if it had not been asked."
    )
    next_key_at_end: Literal["absent", "empty"] = Field(
        default="absent", description="What the last page of endpoints or alerts says for nextKey."
    )
    api_host_listed: bool = Field(default=True, description="Whether the list of a partner or organization names the tenant's apiHost.")
    refuses_parents: bool = Field(default=False, description="Every call of a partner or organization about this tenant answers 403.")
    missing_tenant_header: Literal[400, 401, 403] = Field(default=401, description="The answer without X-Tenant-ID.")

    isolation_takes: float = Field(default=0, ge=0, description="Seconds until a device has isolated or released itself.")

    raised_at_zoned: bool = Field(default=True, description="Whether the raisedAt of alerts ends with Z; samples show both.")
    closed_alerts_listed: bool = Field(default=False, description="Whether an alert on which an action was taken is still there.")

    deleted_unknown_answers: bool = Field(default=True, description="What `deleted` says for an id that nobody has.")
    azure_delete_conflicts: bool = Field(
        default=True, description="Whether users synced from elsewhere than Active Directory answer 409 too."
    )
    deleted_leave_traces: bool = Field(
        default=False, description="Whether groups, admins and devices go on naming whoever is deleted from now on."
    )
    deleted_readable_for: float = Field(default=0, ge=0, description="Seconds that somebody deleted can still be read by id.")
    list_lag: float = Field(
        default=0, ge=0, description="Seconds that lists still show somebody deleted, who already cannot be read by id."
    )
    unsorted: Literal["steady", "turning"] = Field(
        default="steady", description="A user list without a sort: always by id, or forwards and backwards by turns."
    )
    reappear: bool = Field(default=False, description="Whoever is deleted through the API is there again at once, with a new id.")
    absent_for_reading: list[str] = Field(default_factory=list, description="Ids that answer 404 by id although the list shows them.")
