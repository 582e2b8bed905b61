"""Comparing a page's records with what their integration said of them last: most say nothing new."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row

from mapper.authority.asserting import Asserting
from mapper.fields.values import is_storable
from mapper.filters.sieve import Sieve
from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Context, Evaluation, Problem
from mapper.matching.keys import claims_in
from mapper.pages.candidates import Candidate
from mapper.pages.plan import Plan
from mapper.pages.reading import Known
from mapper.records.unique import claims_of
from shared.api.mappings import MADE_OF
from shared.events.sources import Provenance, UsersObserved
from shared.rules import At
from shared.rules.evaluate import Reason

LONGEST_SOURCE_ID = 200


def usable(source_id: str) -> bool:
    """Return whether a source's id can be kept."""
    return 0 < len(source_id) <= LONGEST_SOURCE_ID and is_storable(source_id)


def compare(event: UsersObserved, compiled: Compiled, known: Known, plan: Plan, zone: ZoneInfo) -> Iterator[Candidate]:
    """Evaluate filter and mapping for each record; give those that say something new, note the others, reject what cannot be evaluated.

    The filter comes first: who is held back by it need not have what the mapping asks for. Its days are those of `zone`.
    """
    provenance, reader = event.provenance, Reader(event, compiled, zone)
    asserting = Asserting(compiled, event) if compiled.authority else None
    told: set[str] = set()
    for source_id, record in zip(event.source_ids, event.records, strict=True):
        if source_id in known.planned or is_outdated(known.links.get(source_id), event):
            plan.keep(source_id)
            continue
        problem = _problem_of(source_id, told, compiled, provenance)
        told.add(source_id)
        values = problem or reader.of(record)
        if isinstance(values, Problem):
            plan.reject(source_id, values, record)
            continue
        if not isinstance(values, dict):
            plan.hold_back(source_id, values)
            continue
        content_hash = reader.hash_of(values)
        nothing_new = _says_nothing_new(known.links.get(source_id), content_hash, event.fetched_at)
        if nothing_new and not _is_to_be_settled(known, source_id):
            plan.keep(source_id)
        else:
            quiet = reader.was_held_back(record) or (nothing_new and known.asserted.is_new_order(source_id))
            says = {} if asserting is None else asserting.of(record, values)
            claims = tuple(claims_of(values, compiled.unique))
            yield Candidate(source_id, record, values, claims, claims_in(compiled.sync_keys, values), content_hash, quiet, says)


def _is_to_be_settled(known: Known, source_id: str) -> bool:
    """Return whether a record that says nothing new is looked at all the same, since the order of the sources is another one."""
    link = known.links[source_id]
    return not known.asserted.is_settled(source_id) and link.missing_since is None and link.deleted_at is None


class Reader:
    """Filter and mapping made ready for the records of one page."""

    def __init__(self, event: UsersObserved, compiled: Compiled, zone: ZoneInfo) -> None:
        self.provenance = provenance = event.provenance
        context, at = Context(provenance.inputs, provenance.credential_name, event.fetched_at.isoformat()), At(event.fetched_at, zone)
        self._evaluation = Evaluation(compiled.targets, context)
        self._sieve, self._earlier = (
            None if one is None else Sieve(one, context, at) for one in (compiled.filter, compiled.earlier_filter)
        )
        self._salt = orjson.dumps([provenance.user_selection, provenance.saas_instance_id])
        self._compiled = compiled

    def of(self, record: Mapping[str, Any]) -> dict[str, Any] | Problem | Sequence[Reason]:
        """Return a record's values; or the problem that it has, or the conditions of the filter that it fails."""
        stopped = None if self._sieve is None else self._sieve.stops(record)
        return self._evaluation.of(record) if stopped is None else stopped

    def hash_of(self, values: dict[str, Any]) -> str:
        """Return the hash of everything that a record with these values may change."""
        return _content_hash(values, self._compiled, self._salt)

    def was_held_back(self, record: Mapping[str, Any]) -> bool:
        """Return whether the filter stops a record with which the whole directory was read last."""
        return self._earlier is not None and self._earlier.stops(record) is not None


def is_outdated(link: Row[Any] | None, event: UsersObserved) -> bool:
    """Return whether a record that is told again is older than what was observed of its user since."""
    return event.provenance.replayed and link is not None and event.fetched_at < link.last_observed_at


def _problem_of(source_id: str, told: set[str], compiled: Compiled, provenance: Provenance) -> Problem | None:
    if not usable(source_id):
        return Problem("bad_source_id", "id", "the record's id is empty, too long or unreadable", "Report this to the maker of the source.")
    if source_id in told:
        return Problem("repeated_in_page", "id", f"the page holds this {provenance.object_type} twice", "Run the integration again.")
    if not compiled.sync_keys:
        return Problem("no_mapping", "mapping", "the integration has no mapping with a sync key", "Save a mapping, then run again.")
    if compiled.object_type != MADE_OF[provenance.object_type]:
        message = f"the source describes {provenance.object_type}s, and its mapping is to fields of type {compiled.object_type}"
        remedy = f"Map to fields of type {MADE_OF[provenance.object_type]}, then replay this record."
        return Problem("mapping_of_another_type", "mapping", message, remedy)
    return None


def _content_hash(values: dict[str, Any], compiled: Compiled, salt: bytes) -> str:
    """Return the hash of everything that this record may change: no version of a mapping, and nothing that a blank value keeps."""
    content = {key: value for key, value in values.items() if key in compiled.kept and (value is not None or key in compiled.clears)}
    return hashlib.blake2b(salt + orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=32).hexdigest()


def _says_nothing_new(link: Row[Any] | None, content_hash: str, fetched_at: datetime) -> bool:
    """Return whether a record says what it said before, or was fetched before its user was seen to be gone."""
    if link is None:
        return False
    gone_at = link.deleted_at or link.missing_since
    return bool(link.content_hash == content_hash if gone_at is None else fetched_at <= gone_at)
