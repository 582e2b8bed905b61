"""Finding whose a record is: by its link, by what somebody decided, by its sync keys, or by a tombstone. Touches no database."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Problem
from mapper.matching.conflict import conflict
from mapper.pages.candidates import Candidate
from mapper.pages.plan import Plan
from mapper.pages.reading import Known, record_of
from mapper.records.changing import Draft
from shared.api.matching import Decision
from shared.events.sources import Provenance


class Finder:
    """Finds the people, or assets, of one page's records, among those who are known and those whom the page has placed so far."""

    def __init__(self, compiled: Compiled, provenance: Provenance, known: Known, plan: Plan) -> None:
        self._provenance, self._known, self._plan = provenance, known, plan
        self._sole = {key.fields[0] for key in compiled.sync_keys if key.is_plain}
        self._said = {key.name: " and ".join(key.fields) for key in compiled.sync_keys}

    def person_of(self, candidate: Candidate) -> Draft | Problem | None:
        """Return the record's person: the one it was linked to, else the one with its sync key; a problem if that is somebody else's."""
        link = self.link_of(candidate)
        if link is not None:
            return self._known.people[record_of(link)]
        decision = self.decided_on(candidate)
        if decision == "create":
            return None
        chosen = self._known.decided[candidate.source_id].chosen_id if decision == "choose" else None
        found = self._found(candidate) if chosen is None else {chosen: [self._said[name] for name, _ in candidate.keys]}
        return self._one_of(found, candidate, certain=chosen is not None) if found else self._buried(candidate)

    def _one_of(self, found: dict[UUID, list[str]], candidate: Candidate, *, certain: bool) -> Draft | Problem:
        """Return whom the keys name, or why it is not certain that they are meant. `certain`: somebody chose them."""
        ((person_id, by), *others) = found.items()
        is_taken = self._is_taken(person_id, candidate)
        if others or (is_taken and not certain and self._sole.isdisjoint(by)):
            return conflict(found, self._sole)
        if is_taken:
            key = by[0] if by else "id"
            message = f"another {self._provenance.object_type} of the same source has the same {key}"
            remedy = (
                f"See that no two {self._provenance.object_type}s have the same {key} at the source, or remove the one that is left over."
            )
            return Problem("duplicate_sync_key", key, message, remedy)
        return self._known.people[person_id]

    def _is_taken(self, person_id: UUID, candidate: Candidate) -> bool:
        """Return whether another user of the same source is this person."""
        return person_id in self._plan.people or self._known.linked.get(person_id, candidate.source_id) != candidate.source_id

    def decided_on(self, candidate: Candidate) -> Decision | None:
        """Return what a person decided on a record that has no link; whom they chose must be there still."""
        row = self._known.decided.get(candidate.source_id)
        if row is None or self.link_of(candidate) is not None:
            return None
        decision: Decision = row.decision
        return None if decision == "choose" and row.chosen_id not in self._known.people else decision

    def _found(self, candidate: Candidate) -> dict[UUID, list[str]]:
        """Return whom the record's sync keys name, each with the keys that do, the primary one first."""
        found: dict[UUID, list[str]] = {}
        for claim in candidate.keys:
            holder = self._known.holders.get(claim)
            for person_id in sorted(self._known.finders.get(claim, ())) if holder is None else (holder,):
                found.setdefault(person_id, []).append(self._said[claim[0]])
        return found

    def link_of(self, candidate: Candidate) -> Row[Any] | None:
        """Return the record's link, unless it is closed, or a page before gave the missing person to another id."""
        link = self._known.links.get(candidate.source_id)
        if link is None or link.deleted_at is not None:
            return None
        is_theirs = link.missing_since is None or self._known.linked.get(record_of(link), candidate.source_id) == candidate.source_id
        return link if is_theirs else None

    def _buried(self, candidate: Candidate) -> Draft | None:
        """Return the person whom the record's tombstone names, unless another user of the source is that person now."""
        row = self._known.buried.of(candidate.source_id, candidate.email_key)
        if row is None or row.person_id in self._plan.people:
            return None
        is_theirs = self._known.linked.get(row.person_id, candidate.source_id) == candidate.source_id
        return self._known.people.get(row.person_id) if is_theirs else None
