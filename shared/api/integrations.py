"""Integrations and their runs."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import Gap, In, Name, Out
from shared.api.sources import InputRef
from shared.events.sources import Preference, UserSelection
from shared.events.syncs import PageCounts

IntegrationState = Literal["draft", "active", "paused"]
RunState = Literal["queued", "running", "applying", "completed", "completed_with_errors", "empty", "failed"]
ENDED: frozenset[str] = frozenset({"completed", "completed_with_errors", "empty", "failed"})


class IntegrationIn(In):
    """A new integration: a draft until it is launched."""

    provider: str
    name: Name


class IntegrationPatch(In):
    """Details of an integration; only what is given changes."""

    name: Name | None = None
    user_selection: UserSelection | None = None
    installation: Literal["cloud"] | None = None
    preference: Preference | None = None
    integration_user: str | None = Field(default=None, max_length=200, description="The name of the account in whose name records change.")
    saas_instance_id: UUID | None = None
    credential_id: UUID | None = None
    inputs: dict[str, InputRef] | None = None


class IntegrationOut(Out):
    """An integration, and what is still missing before it can be launched."""

    id: UUID
    provider: str
    application: str
    name: str
    state: IntegrationState
    user_selection: UserSelection | None
    installation: Literal["cloud"]
    preference: Preference
    integration_user: str | None
    saas_instance_id: UUID | None
    credential_id: UUID | None
    inputs: dict[str, InputRef]
    missing: list[Gap]
    created_at: datetime
    updated_at: datetime


class RunOut(Out):
    """One execution of an integration. `fetched` = the sum of `counts`, once it has completed."""

    id: UUID
    integration_id: UUID
    state: RunState
    pages: int
    fetched: int
    counts: PageCounts
    missing: int
    newly_missing: int
    requests: int = Field(description="Requests that were spent at the source.")
    error: dict[str, Any] | None = None
    correlation_id: UUID
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class RunErrorOut(Out):
    """A record of a run that could not be applied."""

    id: UUID
    run_id: UUID
    page: int
    source_id: str
    code: str
    message: str
    field: str | None
    remedy: str | None
    record: dict[str, Any] | None
