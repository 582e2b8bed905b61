"""The shapes of dead letters in the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from shared.api.base import Out


class DeadLetterOut(Out):
    """An event that a consumer could not handle, and why. `data` shows what kind of event it is, and nothing about a person."""

    consumer: str
    id: UUID
    topic: str
    key: str = Field(description="What the event is about: events of one key keep their order, but a replayed one comes last.")
    code: str
    reason: str
    attempts: int
    died_at: datetime
    bytes: int
    summary: str | None = Field(default=None, description="The event in one line; nothing when it cannot be read at all.")
    data: Any = Field(description="Ids, times and counts; texts are hidden and lists counted. An admin may ask for all of it.")


class DeadLetterWhole(DeadLetterOut):
    """A dead letter with everything that the event says, people's records included."""

    body: Any = Field(description="The event as it was sent, or its text when it is not JSON.")
