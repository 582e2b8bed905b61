"""Devices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.api.base import Out
from shared.api.history import OfMoment


class AssetOut(Out):
    """A device. `fields` holds the flat values as rules see them; `person_id` is whom its source names, once they are known."""

    id: UUID
    person_id: UUID | None
    revision: int
    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class AssetAt(AssetOut, OfMoment):
    """A device, now or at a moment."""
