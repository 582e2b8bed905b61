"""Which fields a record writes, and whether it may: no two records have one unique value. Touches no database."""

from mapper.fields.values import unique_key
from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Problem
from mapper.pages.candidates import Candidate
from mapper.pages.reading import Known
from mapper.records.changing import Draft
from mapper.records.unique import Claim, claims_of


class Claiming:
    """Takes the unique values of a page's records, one after the other."""

    def __init__(self, compiled: Compiled, known: Known) -> None:
        self._compiled, self._known = compiled, known

    def claim(self, person: Draft, candidate: Candidate) -> Problem | None:
        """Take the record's unique values for its person; return the problem when somebody else has one."""
        claims = written_claims(candidate, person, self._compiled)
        for claim in claims:
            if self._known.holders.get(claim, person.id) != person.id:
                key = claim[0]
                remedy = f"Mend {key} at the source, or change the other {self._compiled.object_type}."
                return Problem("value_taken", key, f"another {self._compiled.object_type} has the same {key}", remedy)
        for key, value in claims:
            before = None if person.is_new else person.fields.get(key)
            if before is not None and (given_up := unique_key(before)) != value:
                self._known.holders.pop((key, given_up), None)
            self._known.holders[key, value] = person.id
        for key in emptied_fields(candidate, self._compiled).intersection(self._compiled.unique):
            if key in candidate.values and candidate.values[key] is None and (before := person.fields.get(key)) is not None:
                self._known.holders.pop((key, unique_key(before)), None)
        return None


def written_claims(candidate: Candidate, person: Draft, compiled: Compiled) -> list[Claim]:
    """Return the unique values that a record gives its person: its own, or those of whoever wins."""
    written = written_fields(candidate, person, compiled)
    claims = candidate.claims if candidate.settled is None else claims_of(candidate.values, compiled.unique)
    return [claim for claim in claims if claim[0] in written]


def written_fields(candidate: Candidate, person: Draft, compiled: Compiled) -> frozenset[str]:
    """Return the fields that a record writes."""
    kept = compiled.kept if person.is_new else compiled.kept - compiled.kept_back
    return kept if candidate.settled is None else kept.union(candidate.settled.values)


def emptied_fields(candidate: Candidate, compiled: Compiled) -> frozenset[str]:
    """Return the fields that are emptied where nothing is said."""
    return compiled.clears if candidate.settled is None else compiled.clears.union(candidate.settled.values)
