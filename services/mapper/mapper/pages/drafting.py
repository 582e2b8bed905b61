"""Drafting what a record makes of its person, or asset, and of the SaaS user. Works on drafts in memory; touches no database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mapper.assets.owning import assign
from mapper.authority.asserted import Settled, told_of
from mapper.authority.orders import Source
from mapper.fields.values import moment
from mapper.mappings.compiled import Compiled
from mapper.matching.keys import KeyClaim, claims_in
from mapper.pages.candidates import Candidate, Linked
from mapper.pages.claiming import emptied_fields, written_fields
from mapper.pages.plan import Plan
from mapper.pages.reading import Known
from mapper.records.changing import Draft
from mapper.tombstones.returning import OF_ABSENCE, returned
from shared.events.sources import Provenance
from shared.ids import new_id

SHARED_WITH_SAAS_USERS = ("username", "email", "full_name")


class Drafting:
    """Drafts the records of one page; what it drafts it adds to what is known."""

    def __init__(self, compiled: Compiled, provenance: Provenance, known: Known, plan: Plan, at: datetime) -> None:
        self._compiled, self._known = compiled, known
        self._provenance, self._plan, self._at = provenance, plan, at
        self._instance_id = provenance.saas_instance_id if provenance.user_selection == "user_plus_saas_user" else None

    def draft(self, person: Draft, candidate: Candidate) -> None:
        """Let a record's person, and their SaaS user, be as the record says."""
        compiled, known = self._compiled, self._known
        # A blank source value keeps what is there, unless the mapping says that it empties the field.
        emptied = frozenset() if person.is_new else emptied_fields(candidate, compiled)
        written = written_fields(candidate, person, compiled)
        given = {key: value for key, value in candidate.values.items() if key in written and (value is not None or key in emptied)}
        keys_before = claims_in(compiled.match_keys, person.fields)
        _give(person, {**compiled.defaults, **given} if person.is_new else given, compiled.untold)
        self._move(person, keys_before, claims_in(compiled.match_keys, person.fields))
        self._plan.people[person.id] = person
        if candidate.settled is not None:
            self._note_settled(person, candidate, candidate.settled)
        if compiled.object_type == "asset":
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


def _give(draft: Draft, values: dict[str, Any], untold: frozenset[str]) -> None:
    """Give a draft its values; one that is new has nothing to compare them with."""
    if draft.fields:
        for key, value in values.items():
            draft.set(key, value, told=key not in untold)
        return
    draft.fields = values
    draft.changes = {key: (None, value) for key, value in values.items() if key not in untold}
    draft.quiet = set(untold.intersection(values))
