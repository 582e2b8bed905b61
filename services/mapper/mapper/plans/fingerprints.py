"""Fingerprints: everything that a decision on one record rests on, so that it is carried out only while that holds."""

import hashlib
from typing import Any

import orjson
from sqlalchemy import Row

from mapper.pages.candidates import Candidate
from mapper.pages.reading import Known, record_of


def fingerprint(candidate: Candidate, known: Known, mapping_version: int) -> str:
    """Return the fingerprint of a record's decision, before anything was planned: mapping, link, and whoever it may belong to."""
    link = known.links.get(candidate.source_id)
    tombstone = known.buried.of(candidate.source_id, candidate.email_key)
    holders = sorted((key, value, str(known.holders.get((key, value)))) for key, value in candidate.claims)
    concerned = {known.holders[claim] for claim in candidate.claims if claim in known.holders}
    finders = sorted((*claim, *sorted(map(str, known.finders[claim]))) for claim in candidate.keys if claim in known.finders)
    concerned.update(*(known.finders[claim] for claim in candidate.keys if claim in known.finders))
    concerned |= set() if link is None else {record_of(link)}
    concerned |= set() if tombstone is None else {tombstone.person_id}
    people = [(str(one), *_revisions(known, one)) for one in sorted(concerned)]
    rests_on: list[Any] = [mapping_version, candidate.content_hash, _of_link(link), holders, finders, people]
    rests_on.append(_of_decision(known, candidate.source_id))
    if known.asserted.authority:
        rests_on.append([known.asserted.print_of(one) for one in sorted(concerned)])
    return hashlib.blake2b(orjson.dumps(rests_on), digest_size=32).hexdigest()


def _revisions(known: Known, person_id: Any) -> tuple[int | None, int | None]:
    person, saas_user = known.people.get(person_id), known.saas_users.get(person_id)
    return (None if person is None else person.revision, None if saas_user is None else saas_user.revision)


def _of_decision(known: Known, source_id: str) -> list[str] | None:
    row = known.decided.get(source_id)
    return None if row is None else [row.decision, str(row.chosen_id)]


def _of_link(link: Row[Any] | None) -> list[str] | None:
    if link is None:
        return None
    return [str(part) for part in (record_of(link), link.saas_user_id, link.content_hash, link.missing_since, link.deleted_at)]
