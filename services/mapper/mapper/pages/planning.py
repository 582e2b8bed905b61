"""Deciding what becomes of each record of a page. Works on drafts in memory; touches no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from mapper.authority.asserted import Settled, told_of
from mapper.authority.orders import Assertion, Source
from mapper.fields.values import moment, storable, unique_key
from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Problem
from mapper.matching.conflict import MatchCandidate, MatchConflict, conflict
from mapper.matching.keys import KeyClaim, claims_in
from mapper.pages.reading import Known, record_of
from mapper.records.changing import Draft
from mapper.records.unique import Claim, claims_of
from mapper.tombstones.returning import OF_ABSENCE, returned
from shared.api.matching import Decision
from shared.events.sources import Provenance
from shared.events.syncs import PageCounts, Rejection
from shared.ids import new_id
from shared.rules.evaluate import Reason

SHARED_WITH_SAAS_USERS = ("username", "email", "full_name")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that is new or differs from what this integration last said of it."""

    source_id: str
    record: dict[str, Any]
    values: dict[str, Any]
    claims: tuple[Claim, ...]
    """Its unique values."""
    keys: tuple[KeyClaim, ...]
    """What it is looked for by, the primary key first."""
    content_hash: str
    quiet: bool = False
    """It comes because the configuration or an order was changed, or a run undone: it starts no workflow."""
    says: Mapping[str, Assertion] = field(default_factory=dict)
    """What it says of the fields with an order."""
    settled: Settled | None = None
    """What becomes of them, once it is known whose record it is."""
    baseline: dict[str, Any] | None = None
    """What the configuration makes of the record as it was observed before, when it was another one that made what there is."""

    @property
    def email_key(self) -> str | None:
        """The comparable form of its e-mail address."""
        return dict(self.claims).get("email")


@dataclass(frozen=True, slots=True)
class Linked:
    """A record that was applied, and what it belongs to."""

    candidate: Candidate
    person_id: UUID
    """Its person; or its asset, where the source describes devices."""
    saas_user_id: UUID | None


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


PUT_AWAY = Problem(
    "record_put_away",
    "id",
    "its person is archived or anonymised",
    "Restore who is archived, or let the mapping restore them; who is anonymised stays so.",
)


class Planner:
    """Plans one page: finds each record's person, obeys the preference, and drafts the changes.

    What it plans it adds to what is known, for the page behind it in the same transaction.
    """

    def __init__(self, compiled: Compiled, provenance: Provenance, known: Known, plan: Plan, at: datetime) -> None:
        self._compiled, self._known = compiled, known
        self._provenance, self._plan, self._at = provenance, plan, at
        self._one = compiled.object_type
        self._instance_id = provenance.saas_instance_id if provenance.user_selection == "user_plus_saas_user" else None
        self._claimed: dict[Claim, UUID] = known.holders
        self._sole = {key.fields[0] for key in compiled.sync_keys if key.is_plain}
        self._said = {key.name: " and ".join(key.fields) for key in compiled.sync_keys}

    def place(self, candidates: list[Candidate]) -> None:
        """Plan the records, one after the other; what they meet must have been read.

        Whoever wants a value that another gives up on this page may stand before that other: so those who were refused are
        tried again for as long as somebody else was placed. Whom the source's own id names comes before whoever is only
        looked for: one who comes back is who they were, also when somebody new has the address that they had.
        """
        candidates = sorted(candidates, key=lambda one: self._link_of(one) is None)
        while candidates:
            refused = [(candidate, problem) for candidate in candidates if (problem := self._place(candidate)) is not None]
            if len(refused) == len(candidates):
                for candidate, problem in refused:
                    self._plan.reject(candidate.source_id, problem, candidate.record)
                return
            candidates = [candidate for candidate, _ in refused]

    def _place(self, candidate: Candidate) -> Problem | None:
        if self._decided_on(candidate) == "ignore":
            self._plan.ignore(candidate.source_id)
            return None
        found = self._person_of(candidate)
        if isinstance(found, Problem):
            return found
        if found is not None and self._is_put_away(found):
            self._plan.leave(candidate.source_id)
            return None
        preference = self._provenance.preference
        if (found is None and preference == "update_only") or (found is not None and preference == "create_only"):
            self._plan.skip(candidate)
            return None
        person = found or self._new()
        candidate = self._settled(person, candidate)
        clash = self._claim(person, candidate)
        if clash is None:
            self._draft(person, candidate)
        return clash

    def _is_put_away(self, found: Draft) -> bool:
        """Return whether no source may write this person: of one who is anonymised nothing may come back."""
        archived = found.columns.get("archived_at") is not None and not self._compiled.restores_archived
        return archived or found.columns.get("anonymised_at") is not None

    def _settled(self, person: Draft, candidate: Candidate) -> Candidate:
        """Let the fields with an order have what the highest of their sources says."""
        asserted = self._known.asserted
        if not asserted.authority:
            return candidate
        settled = asserted.settle(person.id, Source(str(self._provenance.integration_id), candidate.source_id, candidate.says))
        # Of somebody new there is nothing that could stay.
        stays = frozenset() if person.is_new else settled.stays
        own = {key: value for key, value in candidate.values.items() if key not in stays}
        return replace(candidate, values={**own, **settled.values}, settled=settled)

    def _new(self) -> Draft:
        columns: dict[str, Any] = {"person_id": None} if self._one == "asset" else {}
        return Draft(id=new_id(), revision=0, fields={}, created_at=self._at, kind="created", is_new=True, columns=columns)

    def _person_of(self, candidate: Candidate) -> Draft | Problem | None:
        """Return the record's person: the one it was linked to, else the one with its sync key; a problem if that is somebody else's."""
        link = self._link_of(candidate)
        if link is not None:
            return self._known.people[record_of(link)]
        decision = self._decided_on(candidate)
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

    def _decided_on(self, candidate: Candidate) -> Decision | None:
        """Return what a person decided on a record that has no link; whom they chose must be there still."""
        row = self._known.decided.get(candidate.source_id)
        if row is None or self._link_of(candidate) is not None:
            return None
        decision: Decision = row.decision
        return None if decision == "choose" and row.chosen_id not in self._known.people else decision

    def _found(self, candidate: Candidate) -> dict[UUID, list[str]]:
        """Return whom the record's sync keys name, each with the keys that do, the primary one first."""
        found: dict[UUID, list[str]] = {}
        for claim in candidate.keys:
            holder = self._claimed.get(claim)
            for person_id in sorted(self._known.finders.get(claim, ())) if holder is None else (holder,):
                found.setdefault(person_id, []).append(self._said[claim[0]])
        return found

    def _link_of(self, candidate: Candidate) -> Row[Any] | None:
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

    def _claim(self, person: Draft, candidate: Candidate) -> Problem | None:
        """Take the record's unique values for its person; return the problem when somebody else has one."""
        claims = written_claims(candidate, person, self._compiled)
        for claim in claims:
            if self._claimed.get(claim, person.id) != person.id:
                key = claim[0]
                remedy = f"Mend {key} at the source, or change the other {self._one}."
                return Problem("value_taken", key, f"another {self._one} has the same {key}", remedy)
        for key, value in claims:
            before = None if person.is_new else person.fields.get(key)
            if before is not None and (given_up := unique_key(before)) != value:
                self._claimed.pop((key, given_up), None)
            self._claimed[key, value] = person.id
        for key in self._emptied(candidate).intersection(self._compiled.unique):
            if key in candidate.values and candidate.values[key] is None and (before := person.fields.get(key)) is not None:
                self._claimed.pop((key, unique_key(before)), None)
        return None

    def _emptied(self, candidate: Candidate) -> frozenset[str]:
        """Return the fields that are emptied where nothing is said."""
        return self._compiled.clears if candidate.settled is None else self._compiled.clears.union(candidate.settled.values)

    def _draft(self, person: Draft, candidate: Candidate) -> None:
        compiled, known = self._compiled, self._known
        # A blank source value keeps what is there, unless the mapping says that it empties the field.
        emptied = frozenset() if person.is_new else self._emptied(candidate)
        written = _written(candidate, person, compiled)
        given = {key: value for key, value in candidate.values.items() if key in written and (value is not None or key in emptied)}
        keys_before = claims_in(compiled.match_keys, person.fields)
        _give(person, {**compiled.defaults, **given} if person.is_new else given, compiled.untold)
        self._move(person, keys_before, claims_in(compiled.match_keys, person.fields))
        self._plan.people[person.id] = person
        if candidate.settled is not None:
            self._note_settled(person, candidate, candidate.settled)
        if self._one == "asset":
            self._settle_asset(person)
        elif person.columns.get("archived_at") is not None:
            person.columns["archived_at"] = None
            person.kind = "restored"
        saas_user = None if self._instance_id is None else self._saas_user(person, candidate, self._instance_id)
        if saas_user is None and person.id in known.gone and person.id not in known.linked:
            person.kind = "returned"
        known.people[person.id], known.linked[person.id] = person, candidate.source_id
        told = person.is_told or (saas_user is not None and saas_user.is_told)
        self._plan.counts["added" if person.is_new else "updated" if told else "unchanged"] += 1
        self._plan.links.append(Linked(candidate, person.id, saas_user.id if saas_user else None))

    def _move(self, person: Draft, before: Sequence[KeyClaim], after: Sequence[KeyClaim]) -> None:
        """Let later records find a person by the keys that they have now."""
        finders = self._known.finders
        for claim in before:
            finders.get(claim, set()).discard(person.id)
        for claim in after:
            there = finders.setdefault(claim, set())
            if person.is_new and not there:
                person.alone.add(claim)
            there.add(person.id)

    def _note_settled(self, person: Draft, candidate: Candidate, settled: Settled) -> None:
        """Remember what the record says, for whoever comes behind it, and from whom values were taken that it does not say."""
        own = Source(str(self._provenance.integration_id), candidate.source_id, settled.says)
        self._known.asserted.note(person.id, own)
        self._plan.held_values += len(settled.held)
        if taken := {key: told_of(winner, key) for key, winner in settled.taken.items() if key in person.changes}:
            person.origin = {**(person.origin or {}), "taken": taken}

    def _settle_asset(self, asset: Draft) -> None:
        """Give a device to the person whom it names, if that one is known; whom it names no more has it no more."""
        source_id = asset.fields.get("assigned_source_id")
        person_id = self._known.assigned.get(source_id or "")
        if person_id is not None or "assigned_source_id" in asset.changes:
            assign(asset, person_id)
        if asset.fields.get("missing_since"):
            asset.kind = "returned"
            _give(asset, {"missing_since": None, "returned_at": moment(self._at.isoformat())}, frozenset())

    def _saas_user(self, person: Draft, candidate: Candidate, instance_id: UUID) -> Draft:
        values = {key: value for key in SHARED_WITH_SAAS_USERS if (value := person.fields.get(key)) is not None}
        values["source_id"] = candidate.source_id
        saas_user = self._known.saas_users.get(person.id)
        if saas_user is None:
            columns = {"person_id": person.id, "saas_instance_id": instance_id}
            saas_user = Draft(id=new_id(), revision=0, fields={}, created_at=self._at, kind="created", is_new=True, columns=columns)
            values = {**self._compiled.defaults_of_saas_users, **self._first_values(person, instance_id), **values}
            if self._known.buried.of_person(candidate.source_id, candidate.email_key, person.id, self._known.people) is not None:
                values["returned_at"] = moment(self._at.isoformat())
        elif any(saas_user.fields.get(key) for key in OF_ABSENCE):
            saas_user.kind = "returned"
            values.update(returned(saas_user.fields, self._at))
        _give(saas_user, values, frozenset())
        self._plan.saas_users[saas_user.id] = saas_user
        return saas_user

    def _first_values(self, person: Draft, instance_id: UUID) -> dict[str, Any]:
        return {
            "person_id": str(person.id),
            "saas_instance_id": str(instance_id),
            "saas_name": self._known.saas_name,
            "integration_id": str(self._provenance.integration_id),
            "deactivated": False,
            "to_be_deleted": False,
        }


def written_claims(candidate: Candidate, person: Draft, compiled: Compiled) -> list[Claim]:
    """Return the unique values that a record gives its person: its own, or those of whoever wins."""
    written = _written(candidate, person, compiled)
    claims = candidate.claims if candidate.settled is None else claims_of(candidate.values, compiled.unique)
    return [claim for claim in claims if claim[0] in written]


def _written(candidate: Candidate, person: Draft, compiled: Compiled) -> frozenset[str]:
    """Return the fields that a record writes."""
    kept = compiled.kept if person.is_new else compiled.kept - compiled.kept_back
    return kept if candidate.settled is None else kept.union(candidate.settled.values)


def assign(asset: Draft, person_id: UUID | None) -> None:
    """Give a device to a person, or take it from the one who has it."""
    asset.columns["person_id"] = person_id
    asset.set("person_id", None if person_id is None else str(person_id))


def _give(draft: Draft, values: dict[str, Any], untold: frozenset[str]) -> None:
    """Give a draft its values; one that is new has nothing to compare them with."""
    if draft.fields:
        for key, value in values.items():
            draft.set(key, value, told=key not in untold)
        return
    draft.fields = values
    draft.changes = {key: (None, value) for key, value in values.items() if key not in untold}
    draft.quiet = set(untold.intersection(values))
