"""Notices about what somebody should look at, and the contacts who are told."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import In, Name, Out
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE

NoticeKind = Literal[
    "run_failed", "run_with_errors", "waiting_for_approval", "approval_expired", "quarantined", "credential_expiring", "records_withheld"
]
Channel = Literal["email", "webhook"]


class ContactIn(In):
    """Somebody, or something, that is told. Everybody who may read notices sees them in any case."""

    name: Name
    channel: Channel
    address: str = Field(min_length=3, max_length=2000, description="An e-mail address, or the URL of a webhook.")
    kinds: list[NoticeKind] | None = Field(default=None, min_length=1, description="Of what to tell; null: of everything.")
    integration_ids: list[UUID] | None = Field(
        default=None, min_length=1, max_length=500, description="Of which integrations to tell; null: of all, and of what concerns none."
    )


class ContactPatch(In):
    """Details of a contact; only what is given changes. Another address is another contact."""

    name: Name | None = None
    kinds: list[NoticeKind] | None = Field(default=None, min_length=1)
    integration_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=500)
    enabled: bool | None = None


class ContactOut(Out):
    """A contact. Of a webhook's URL only the host is shown: many hold a token in their path."""

    id: UUID
    name: str
    channel: Channel
    address: str
    kinds: list[NoticeKind] | None
    integration_ids: list[UUID] | None
    enabled: bool
    created_at: datetime


class ContactMade(ContactOut):
    """A new contact."""

    signing_secret: str | None = Field(default=None, description="Of a webhook: what its messages are signed with. Shown this once.")


class ContactTested(Out):
    """How telling a contact went."""

    ok: bool
    problem: str | None = Field(default=None, description="Why it could not be told.")


class NoticesWanted(In):
    """Which notices to list."""

    open: bool | None = Field(default=None, description="Only those that are open, or only those that are closed.")
    kind: NoticeKind | None = None
    integration_id: UUID | None = None
    cursor: str | None = Field(default=None, max_length=4000, description="`next_cursor` of the page before.")
    limit: int = Field(default=PAGE_SIZE, ge=1, le=LARGEST_PAGE, description="How many items at most.")


class NoticeOut(Out):
    """Something that somebody should look at. What happens again while it is open is counted, not told again."""

    id: UUID
    kind: NoticeKind
    integration_id: UUID | None
    title: str
    message: str
    remedy: str | None
    details: dict[str, Any]
    count: int = Field(description="How often it happened while this was open.")
    first_at: datetime
    last_at: datetime
    closed_at: datetime | None = Field(description="When somebody read it, or the cause was gone.")
    closed_by: str | None = Field(description="The account that read it; `resolved` when the cause was gone.")


class DeliveryOut(Out):
    """How one contact was told of a notice."""

    id: UUID
    contact: str
    channel: Channel
    state: Literal["waiting", "sent", "failed"]
    attempts: int
    next_at: datetime | None
    problem: str | None
    sent_at: datetime | None
