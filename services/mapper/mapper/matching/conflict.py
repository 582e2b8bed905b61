"""A conflict of matching: keys name somebody of whom it is not certain that they are meant. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mapper.mappings.evaluate import Problem

REMEDY = "Settle the conflict: choose one of them, let a new one be made, or ignore the record. Or merge them, or mend the source."
IGNORED = Problem("ignored_by_decision", "id", "somebody decided to ignore this record", "Reopen its conflict to decide anew.")


@dataclass(frozen=True, slots=True)
class MatchCandidate:
    """Somebody whom a record may belong to."""

    record_id: UUID
    keys: Sequence[str]
    sole: bool
    """A unique field names them: nobody else can have its value."""

    def written(self) -> dict[str, Any]:
        """Return the candidate as a plan keeps it."""
        return {"record_id": str(self.record_id), "keys": list(self.keys), "sole": self.sole}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "MatchCandidate":
        """Return a candidate that a plan kept."""
        return cls(UUID(written["record_id"]), written["keys"], written["sole"])


@dataclass(frozen=True, slots=True)
class MatchConflict(Problem):
    """Why a record cannot be applied before somebody has decided whom it belongs to."""

    candidates: Sequence[MatchCandidate]


def conflict(found: Mapping[UUID, Sequence[str]], sole: Collection[str]) -> MatchConflict:
    """Return the conflict of a record whose keys name these records, each by some of its keys."""
    candidates = [MatchCandidate(one, keys, not set(keys).isdisjoint(sole)) for one, keys in found.items()]
    if len(candidates) > 1:
        message = "its sync keys belong to different records"
    else:
        message = "its sync keys belong to a record that another one of the same source is already"
    return MatchConflict("match_conflict", candidates[0].keys[0], message, REMEDY, candidates)
