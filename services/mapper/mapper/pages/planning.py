"""Deciding what becomes of each record of a page. Works on drafts in memory; touches no database."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from mapper.authority.orders import Source
from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Problem
from mapper.pages.candidates import Candidate
from mapper.pages.claiming import Claiming
from mapper.pages.drafting import Drafting
from mapper.pages.finding import Finder
from mapper.pages.plan import Plan
from mapper.pages.reading import Known
from mapper.records.changing import Draft
from shared.events.sources import Provenance
from shared.ids import new_id


class Planner:
    """Plans one page: finds each record's person, obeys the preference, and drafts the changes.

    What it plans it adds to what is known, for the page behind it in the same transaction.
    """

    def __init__(self, compiled: Compiled, provenance: Provenance, known: Known, plan: Plan, at: datetime) -> None:
        self._compiled, self._known = compiled, known
        self._provenance, self._plan, self._at = provenance, plan, at
        self._finder = Finder(compiled, provenance, known, plan)
        self._claiming = Claiming(compiled, known)
        self._drafting = Drafting(compiled, provenance, known, plan, at)

    def place(self, candidates: list[Candidate]) -> None:
        """Plan the records, one after the other; what they meet must have been read.

        Whoever wants a value that another gives up on this page may stand before that other: so those who were refused are
        tried again for as long as somebody else was placed. Whom the source's own id names comes before whoever is only
        looked for: one who comes back is who they were, also when somebody new has the address that they had.
        """
        candidates = sorted(candidates, key=lambda one: self._finder.link_of(one) is None)
        while candidates:
            refused = [(candidate, problem) for candidate in candidates if (problem := self._place(candidate)) is not None]
            if len(refused) == len(candidates):
                for candidate, problem in refused:
                    self._plan.reject(candidate.source_id, problem, candidate.record)
                return
            candidates = [candidate for candidate, _ in refused]

    def _place(self, candidate: Candidate) -> Problem | None:
        if self._finder.decided_on(candidate) == "ignore":
            self._plan.ignore(candidate.source_id)
            return None
        found = self._finder.person_of(candidate)
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
        clash = self._claiming.claim(person, candidate)
        if clash is None:
            self._drafting.draft(person, candidate)
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
        columns: dict[str, Any] = {"person_id": None} if self._compiled.object_type == "asset" else {}
        return Draft(id=new_id(), revision=0, fields={}, created_at=self._at, kind="created", is_new=True, columns=columns)
