"""What a page does: with each of its records, and in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mapper.fields.values import storable
from mapper.mappings.evaluate import Problem
from mapper.matching.conflict import MatchCandidate, MatchConflict
from mapper.pages.candidates import Candidate, Linked
from mapper.records.changing import Draft
from shared.events.syncs import PageCounts, Rejection
from shared.rules.evaluate import Reason

PUT_AWAY = Problem(
    "record_put_away",
    "id",
    "its person is archived or anonymised",
    "Restore who is archived, or let the mapping restore them; who is anonymised stays so.",
)


@dataclass(slots=True)
class Plan:
    """What a page does."""

    people: dict[UUID, Draft] = field(default_factory=dict)
    """People; or assets, where the source describes devices."""
    saas_users: dict[UUID, Draft] = field(default_factory=dict)
    links: list[Linked] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    """Ids of records that say nothing new, and of whom nothing is to be written."""
    skipped: list[Candidate] = field(default_factory=list)
    """Records that the preference holds back."""
    skipped_when_planned: list[str] = field(default_factory=list)
    """Ids of records that the preference held back when the page was planned that is applied now."""
    put_away: list[str] = field(default_factory=list)
    """Ids of records whose person is archived or anonymised."""
    ignored: list[str] = field(default_factory=list)
    """Ids of records that somebody decided to ignore."""
    conflicts: dict[str, Sequence[MatchCandidate]] = field(default_factory=dict)
    """Whom rejected records may belong to, by id, where that is why they are rejected."""
    filtered: list[tuple[str, Sequence[Reason]]] = field(default_factory=list)
    """Ids of records that the filter holds back, each with the conditions that it failed."""
    held_values: int = 0
    """Values that its records say and that are not written, since somebody of a higher place says something else."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PageCounts.model_fields, 0))

    def keep(self, source_id: str) -> None:
        """Note a record that says nothing new."""
        self.counts["unchanged"] += 1
        self.unchanged.append(source_id)

    def skip(self, candidate: Candidate) -> None:
        """Note a record that the preference holds back."""
        self.counts["skipped"] += 1
        self.skipped.append(candidate)

    def leave(self, source_id: str) -> None:
        """Note a record whose person is put away: nothing that it says is kept."""
        self.counts["skipped"] += 1
        self.put_away.append(source_id)

    def ignore(self, source_id: str) -> None:
        """Note a record that somebody decided to ignore."""
        self.counts["skipped"] += 1
        self.ignored.append(source_id)

    def hold_back(self, source_id: str, reasons: Sequence[Reason]) -> None:
        """Note a record that does not meet the filter."""
        self.counts["filtered"] += 1
        self.filtered.append((source_id, reasons))

    def reject(self, source_id: str, problem: Problem, record: dict[str, Any]) -> None:
        """Note a record that cannot be applied."""
        self.counts["failed"] += 1
        if isinstance(problem, MatchConflict):
            self.conflicts[source_id] = problem.candidates
        self.rejections.append(
            Rejection(
                source_id=storable(source_id),
                code=problem.code,
                message=problem.message,
                field=problem.field,
                remedy=problem.remedy,
                record=storable(record),
            ),
        )
