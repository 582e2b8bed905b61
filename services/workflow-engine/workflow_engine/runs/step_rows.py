"""Rows of new steps: ready for a worker, or passed by at once (Begin and End)."""

from typing import Any
from uuid import UUID

from shared.api.workflows import Exit
from shared.clock import now
from shared.ids import new_id


def ready_step(run_id: UUID, version_id: UUID, block_id: str, block_type: str) -> dict[str, Any]:
    """Return a step that waits for a worker."""
    return _row(run_id, version_id, block_id, block_type) | {"state": "ready"}


def passed_by(run_id: UUID, version_id: UUID, block_id: str, block_type: str, taken: Exit | None) -> dict[str, Any]:
    """Return a step that is done as soon as it is reached."""
    row = _row(run_id, version_id, block_id, block_type)
    return row | {"state": "succeeded", "exit": taken, "started_at": row["due_at"], "ended_at": row["due_at"]}


def _row(run_id: UUID, version_id: UUID, block_id: str, block_type: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "run_id": run_id,
        "version_id": version_id,
        "block_id": block_id,
        "block_type": block_type,
        "exit": None,
        "attempt": 0,
        "evidence": {},
        "due_at": now(),
        "started_at": None,
        "ended_at": None,
    }
