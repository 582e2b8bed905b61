"""Deciding what becomes of each record of a page. Works on drafts in memory; touches no database."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mapper.mappings.evaluate import Problem
from mapper.mappings.mappings import Compiled
from mapper.pages.reading import Known
from mapper.records.changing import Draft
from mapper.records.unique import Claim, claims_of
from shared.clock import now
from shared.events.sources import Provenance
from shared.events.syncs import PageCounts, Rejection
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that is new or differs from what this integration last said of it."""

    source_id: str
    record: dict[str, Any]
    values: dict[str, Any]
    content_hash: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A record that was applied, and what it belongs to."""

    candidate: Candidate
    person_id: UUID
    saas_user_id: UUID | None


@dataclass(slots=True)
class Plan:
    """What a page does."""

    people: dict[UUID, Draft] = field(default_factory=dict)
    saas_users: dict[UUID, Draft] = field(default_factory=dict)
    links: list[Linked] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PageCounts.model_fields, 0))

    def reject(self, source_id: str, problem: Problem, record: dict[str, Any] | None) -> None:
        """Note a record that cannot be applied."""
        self.counts["failed"] += 1
        self.rejections.append(
            Rejection(
                source_id=source_id, code=problem.code, message=problem.message, field=problem.field, remedy=problem.remedy, record=record
            ),
        )


class Planner:
    """Plans one page: finds each record's person, obeys the preference, and drafts the changes."""

    def __init__(self, compiled: Compiled, provenance: Provenance, known: Known, plan: Plan) -> None:
        self.compiled, self.known = compiled, known
        self._provenance, self._plan = provenance, plan
        self._claimed: dict[Claim, UUID] = {}
        self._taken_in_page: set[UUID] = set()

    def place(self, candidates: list[Candidate]) -> None:
        """Plan the records, one after the other; what they meet must have been read."""
        self._claimed = dict(self.known.holders)
        for candidate in candidates:
            self._place(candidate)

    def _place(self, candidate: Candidate) -> None:
        found = self._person_of(candidate)
        if isinstance(found, Problem):
            self._plan.reject(candidate.source_id, found, candidate.record)
            return
        preference = self._provenance.preference
        if (found is None and preference == "update_only") or (found is not None and preference == "create_only"):
            self._plan.counts["skipped"] += 1
            return
        person = found or self._new_person()
        clash = self._claim(person, candidate)
        if clash is not None:
            self._plan.reject(candidate.source_id, clash, candidate.record)
            return
        self._draft(person, candidate)

    def _person_of(self, candidate: Candidate) -> Draft | Problem | None:
        """Return the record's person: the one it was linked to, else the one with its sync key; a problem if that is somebody else's."""
        link = self.known.links.get(candidate.source_id)
        if link is not None and link.deleted_at is None:
            return self.known.people[link.person_id]
        claims = claims_of(candidate.values, self.compiled.sync_keys)
        candidates = {self._claimed[claim] for claim in claims if claim in self._claimed}
        if not candidates:
            return None
        if len(candidates) > 1:
            return Problem(
                "ambiguous_sync_keys", claims[0][0], "its sync keys belong to different people", "Merge these people, or mend the source."
            )
        (person_id,) = candidates
        other = self.known.linked.get(person_id)
        if person_id in self._taken_in_page or (other is not None and other.source_id != candidate.source_id):
            key = claims[0][0]
            return Problem(
                "duplicate_sync_key",
                key,
                f"another user of the same source has the same {key}",
                f"Give each user a {key} of their own at the source, or remove the one that is left over.",
            )
        return self._plan.people.get(person_id) or self.known.people[person_id]

    def _new_person(self) -> Draft:
        return Draft(id=new_id(), revision=0, fields={}, created_at=now(), kind="created", is_new=True)

    def _claim(self, person: Draft, candidate: Candidate) -> Problem | None:
        """Take the record's unique values for its person; return the problem when somebody else has one."""
        claims = claims_of(candidate.values, self.compiled.unique)
        for claim in claims:
            if self._claimed.get(claim, person.id) != person.id:
                key = claim[0]
                remedy = f"Mend {key} at the source, or change the other person."
                return Problem("value_taken", key, f"another person has the same {key}", remedy)
        self._claimed.update(dict.fromkeys(claims, person.id))
        return None

    def _draft(self, person: Draft, candidate: Candidate) -> None:
        counts = self._plan.counts
        for key, value in candidate.values.items():
            # A blank source value keeps what is there; fields kept out of history are written beside the record.
            if value is not None and self.compiled.fields[key].history:
                person.set(key, value)
        self._plan.people[person.id] = person
        self._taken_in_page.add(person.id)
        saas_user = self._saas_user(person, candidate) if self._provenance.user_selection == "user_plus_saas_user" else None
        changed = bool(person.changes) or (saas_user is not None and bool(saas_user.changes))
        counts["added" if person.is_new else "updated" if changed else "unchanged"] += 1
        self._plan.links.append(Linked(candidate, person.id, saas_user.id if saas_user else None))

    def _saas_user(self, person: Draft, candidate: Candidate) -> Draft | None:
        instance_id = self._provenance.saas_instance_id
        if instance_id is None:
            return None
        saas_user = self.known.saas_users.get(person.id)
        if saas_user is None:
            columns = {"person_id": person.id, "saas_instance_id": instance_id}
            saas_user = Draft(id=new_id(), revision=0, fields={}, created_at=now(), kind="created", is_new=True, columns=columns)
            for key, value in self._first_values(person, instance_id).items():
                saas_user.set(key, value)
        elif saas_user.fields.get("missing_since") or saas_user.fields.get("deleted_in_source_at"):
            saas_user.kind = "returned"
            for key in ("missing_since", "deleted_in_source_at"):
                saas_user.set(key, None)
        for key in ("username", "email", "full_name"):
            if person.fields.get(key) is not None:
                saas_user.set(key, person.fields[key])
        saas_user.set("source_id", candidate.source_id)
        self._plan.saas_users[saas_user.id] = saas_user
        return saas_user

    def _first_values(self, person: Draft, instance_id: UUID) -> dict[str, Any]:
        return {
            "person_id": str(person.id),
            "saas_instance_id": str(instance_id),
            "saas_name": self.known.saas_name,
            "integration_id": str(self._provenance.integration_id),
            "deactivated": False,
            "to_be_deleted": False,
        }
