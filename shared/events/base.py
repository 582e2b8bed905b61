"""What every event has: an identity, a moment, a cause, and a key that orders it."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from shared.clock import now
from shared.ids import new_id

ENVELOPE = frozenset({"id", "occurred_at", "correlation_id", "causation_id"})
"""Fields that travel as CloudEvents attributes, not inside `data`."""

CONTRACTS: dict[str, type["Event"]] = {}
"""Every contract by its topic."""


class Part(BaseModel):
    """A value inside an event. Frozen; fields that a reader does not know are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Part):
    """A fact that one service tells the others, in the past tense; never an order.

    One event carries a batch (a page of observations, the changes of one transaction), never one row.
    Events with the same `key` are delivered in the order in which they were recorded.
    """

    topic: ClassVar[str]
    told_by: ClassVar[str]
    """The service that tells it."""
    needed: ClassVar[bool] = True
    """Whether somebody must hear it. One that nobody hears stays in the outbox unless this is False."""
    together: ClassVar[bool] = False
    """Whether several of one key may travel as one message: where many follow each other, and each costs more than it says."""

    id: UUID = Field(default_factory=new_id)
    occurred_at: datetime = Field(default_factory=now)
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    _written: dict[str, bytes] | None = PrivateAttr(default=None)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register the contract; refuse a second class with the same topic."""
        super().__pydantic_init_subclass__(**kwargs)
        taken = CONTRACTS.get(cls.topic)
        if taken is not None and taken.__qualname__ != cls.__qualname__:
            raise TypeError(f"topic {cls.topic!r} belongs to {taken.__name__}; give {cls.__name__} its own")
        CONTRACTS[cls.topic] = cls

    @property
    def key(self) -> str:
        """What this event is about: events with equal keys keep their order."""
        raise NotImplementedError

    @property
    def summary(self) -> str:
        """Say this event in one line, without personal data."""
        return self.topic

    @property
    def written(self) -> dict[str, bytes]:
        """What of it is JSON already, by field: it is put on the wire as it stands."""
        return self._written or {}

    def having_written(self, **fields: bytes) -> Self:
        """Return a copy that knows what some of its fields are as JSON; each must say what the field says."""
        known = self.model_copy()
        known._written = {**self.written, **fields}  # noqa: SLF001 - its own kind
        return known

    def caused_by(self, correlation_id: UUID, causation_id: UUID | None) -> Self:
        """Return a copy that names its cause; what is already set stays."""
        return self.model_copy(
            update={
                "correlation_id": self.correlation_id or correlation_id,
                "causation_id": self.causation_id or causation_id,
            },
        )
