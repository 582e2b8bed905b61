"""Integrations: configured providers."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import Gap, In, Name, Out
from shared.api.runs import RunNote
from shared.api.variables import InputRef
from shared.events.sources import Preference, UserSelection

Installation = Literal["cloud", "local"]
"""Who reads the source: Rollcall, with a stored credential, or an agent on the customer's own host, with a credential that stays there."""
IntegrationState = Literal["draft", "active", "paused", "quarantined", "archived"]


class IntegrationIn(In):
    """A new integration: a draft until it is launched."""

    provider: str
    name: Name


class CopyIn(In):
    """What the copy of an integration is called."""

    name: Name


class IntegrationPatch(In):
    """Details of an integration; only what is given changes."""

    name: Name | None = None
    user_selection: UserSelection | None = None
    installation: Installation | None = None
    preference: Preference | None = None
    integration_user: str | None = Field(default=None, max_length=200, description="The name of the account in whose name records change.")
    saas_instance_id: UUID | None = None
    credential_id: UUID | None = None
    agent: str | None = Field(
        default=None, max_length=200, description="Of a local installation: the account of the agent that reads the source."
    )
    local_credential: Name | None = Field(
        default=None, description="Of a local installation: what the agent's own file calls the credential."
    )
    inputs: dict[str, InputRef] | None = None
    forecast: UUID | None = Field(
        default=None,
        description="Of a launched integration, where preference or user_selection changes: the forecast of just that which was looked at.",
    )


class QuarantineOut(Out):
    """Why an integration is left alone, and until when."""

    since: datetime
    failures: int = Field(description="Runs that failed in a row.")
    next_trial_at: datetime = Field(description="When it is tried again by itself; a change of the integration brings it forward.")
    reason: dict[str, Any] = Field(description="Of the last failure: code, message, remedy, run_id.")


class IntegrationOut(Out):
    """An integration, and what is still missing before it can be launched."""

    id: UUID
    provider: str
    application: str
    name: str
    state: IntegrationState
    user_selection: UserSelection | None
    installation: Installation
    preference: Preference
    integration_user: str | None
    saas_instance_id: UUID | None
    credential_id: UUID | None
    agent: str | None = None
    local_credential: str | None = None
    inputs: dict[str, InputRef]
    missing: list[Gap]
    warnings: list[Gap] = Field(default_factory=list, description="What a launch found that will hurt; only in its answer.")
    quarantine: QuarantineOut | None = None
    created_at: datetime
    updated_at: datetime


class PreviewRecord(Out):
    """One record as the source gives it."""

    source_id: str
    record: dict[str, Any]
    problem: str | None = Field(default=None, description="Why a run could not take it.")


class PreviewOut(Out):
    """The first records that a run would fetch; nothing of them is stored."""

    records: list[PreviewRecord]
    notes: list[RunNote] = Field(description="What a run would say beside them.")
    requests: int = Field(description="Requests that were spent at the source.")
