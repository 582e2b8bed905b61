"""What the gateway asks the mapper about the past: records at a moment, differences, reasons, and undoing."""

from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from api_gateway.clients.internal import InternalClient, steps
from api_gateway.clients.subjects import Subject
from shared.api.assets import AssetAt
from shared.api.history import DiffOut, UndoAction, UndoIn, UndoItemOut, UndoOut, WhyNotOut, WhyOut
from shared.api.people import PersonAt
from shared.api.saas_users import SaasUserAt
from shared.http.paging import Page

R = TypeVar("R", PersonAt, SaasUserAt, AssetAt)


class HistoryClient(InternalClient):
    """The past of records."""

    audience = "mapper"

    async def record(self, kind: type[R], subject: Subject, record_id: UUID, as_of: datetime | None, *, actor: str) -> R:
        """Return one record, now or as it was."""
        return await self.get(kind, f"/internal/{subject}/{record_id}", actor=actor, as_of=_sent(as_of))

    async def diff(self, subject: Subject, record_id: UUID, since: datetime, until: datetime | None, *, actor: str) -> DiffOut:
        """Return what changed in a record between two moments."""
        moments = {"from": _sent(since), "to": _sent(until)}
        return await self.get(DiffOut, f"/internal/{subject}/{record_id}/diff", actor=actor, **moments)

    async def why(self, subject: Subject, record_id: UUID, field: str, *, actor: str) -> WhyOut:
        """Return why a field has its value."""
        return await self.get(WhyOut, f"/internal/{subject}/{record_id}/fields/{steps(field)}/why", actor=actor)

    async def why_not(self, integration_id: UUID, source_id: str, *, actor: str) -> WhyNotOut:
        """Return why a record of a source is not there."""
        return await self.get(WhyNotOut, f"/internal/integrations/{integration_id}/why-not", actor=actor, source_id=source_id)

    async def undo(self, of: Literal["runs", "undos"], target: UUID, given: UndoIn, *, actor: str) -> UndoOut:
        """Undo a run or an undo, or say what that would do."""
        return await self.ask(UndoOut, "POST", f"/internal/{of}/{target}/undo", actor=actor, body=given)

    async def one(self, undo_id: UUID, *, actor: str) -> UndoOut:
        """Return an undo."""
        return await self.get(UndoOut, f"/internal/undos/{undo_id}", actor=actor)

    async def items(
        self, undo_id: UUID, *, action: UndoAction | None, conflicts: bool, cursor: str | None, limit: int, actor: str
    ) -> Page[UndoItemOut]:
        """Return an undo's records."""
        wanted = {"action": action, "conflicts": conflicts, "cursor": cursor, "limit": limit}
        return await self.get(Page[UndoItemOut], f"/internal/undos/{undo_id}/items", actor=actor, **wanted)


def _sent(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
