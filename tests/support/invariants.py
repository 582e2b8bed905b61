"""What must hold of a mapper's records at any moment, whatever came to it, in which order, and at once with what."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from mapper.fields.fields import fields_of, untold_of
from mapper.fields.values import unique_key
from mapper.tables import LINKS, PEOPLE, REVISIONS, SAAS_USERS, UNIQUE_VALUES
from shared.events import RecordsChanged
from shared.rules.fold import fold_record
from tests.support.mapper import Mapper

UNIQUE = ("username", "email")
Key = tuple[str, UUID]
"""A record's type, and its id."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What is stored, read in one transaction."""

    records: Mapping[Key, Row[Any]]
    revisions: Mapping[Key, list[Row[Any]]]
    links: list[Row[Any]]
    unique_values: list[Row[Any]]
    untold: Mapping[str, frozenset[str]]


async def tables(mapper: Mapper) -> Tables:
    """Read everything that the invariants speak of."""
    async with mapper.database.reading() as session:
        people = {("person", row.id): row for row in await session.execute(select(PEOPLE))}
        users = {("saas_user", row.id): row for row in await session.execute(select(SAAS_USERS))}
        revisions: dict[Key, list[Row[Any]]] = {}
        for row in await session.execute(select(REVISIONS).order_by(REVISIONS.c.record_id, REVISIONS.c.revision)):
            revisions.setdefault((row.record_type, row.record_id), []).append(row)
        return Tables(
            records={**people, **users},
            revisions=revisions,
            links=list((await session.execute(select(LINKS))).all()),
            unique_values=list((await session.execute(select(UNIQUE_VALUES))).all()),
            untold={"person": untold_of(await fields_of(session, "person")), "saas_user": untold_of(await fields_of(session, "saas_user"))},
        )


def check(stored: Tables, told: Iterable[RecordsChanged]) -> None:
    """Assert every invariant."""
    one_person_for_each_key(stored)
    one_living_link_for_each_person(stored)
    history_replays_to_the_present(stored)
    events_replay_to_the_present(stored, told)


def one_person_for_each_key(stored: Tables) -> None:
    """No two people have one value of a unique field, and the database knows of each who has it."""
    held = {
        (row.id, key, unique_key(value))
        for (record_type, _), row in stored.records.items()
        if record_type == "person"
        for key in UNIQUE
        if (value := row.fields.get(key))
    }
    twice = [claim for claim, count in Counter((key, value) for _, key, value in held).items() if count > 1]
    assert not twice, f"several people have {twice}"
    known = {(row.record_id, row.field, row.value) for row in stored.unique_values if row.object_type == "person"}
    assert known == held, f"not kept: {held - known}; kept for nobody: {known - held}"


def one_living_link_for_each_person(stored: Tables) -> None:
    """No two living users of one source are one person, and each link leads to what is there and belongs together."""
    living = Counter(
        (link.integration_id, link.person_id) for link in stored.links if link.missing_since is None and link.deleted_at is None
    )
    assert not [one for one, count in living.items() if count > 1], f"users melted: {living}"
    for link in stored.links:
        assert ("person", link.person_id) in stored.records, f"{link.source_id} leads nowhere"
        user = stored.records.get(("saas_user", link.saas_user_id))
        assert link.saas_user_id is None or (user is not None and user.person_id == link.person_id), f"{link.source_id} leads to two people"
    users = Counter((row.person_id, row.saas_instance_id) for (record_type, _), row in stored.records.items() if record_type == "saas_user")
    assert not [one for one, count in users.items() if count > 1], f"SaaS users doubled: {users}"


def history_replays_to_the_present(stored: Tables) -> None:
    """Played from nothing, revisions follow one another without a gap, each knows what was there before, and the last is what is stored."""
    for key, revisions in stored.revisions.items():
        played: dict[str, Any] = {}
        assert [row.revision for row in revisions] == list(range(1, len(revisions) + 1)), f"{key}: revisions are missing"
        for row in revisions:
            for field, (before, after) in row.changes.items():
                assert played.get(field) == before, (
                    f"{key}, revision {row.revision}: {field} was {played.get(field)!r}, and {before!r} is lost"
                )
                played[field] = after
        removed = revisions[-1].kind == "removed"
        assert removed is (key not in stored.records), f"{key} is {'there' if removed else 'gone'}"
        if not removed:
            row = stored.records[key]
            assert _full(played) == _told(row, stored, key), f"{key}: history says {_full(played)}, and stored is {row.fields}"
            assert row.revision == revisions[-1].revision
    assert set(stored.records) <= set(stored.revisions), "records without a history"
    for key, row in stored.records.items():
        assert row.folded == fold_record(row.fields), f"{key}: what rules compare is not what is stored"


def events_replay_to_the_present(stored: Tables, told: Iterable[RecordsChanged]) -> None:
    """Whoever hears every event knows every record as it is, and misses no revision."""
    heard: dict[Key, tuple[int, dict[str, Any]]] = {}
    for event in told:
        for change in event.changes:
            key = (str(event.record_type), change.record_id)
            before, fields = heard.get(key, (0, {}))
            assert change.revision == before + 1, f"{key}: told {change.revision} after {before}"
            for field, (was, _) in change.fields.items():
                assert fields.get(field) == was, f"{key}: told that {field} was {was!r}, and it was {fields.get(field)!r}"
            # What changes outside of history has its new value in the next event without a change of its own.
            heard[key] = (change.revision, change.after)
    gone = {key for key, revisions in stored.revisions.items() if revisions[-1].kind == "removed"}
    assert heard.keys() == stored.records.keys() | gone, "not all that is stored was told"
    for key, row in stored.records.items():
        assert heard[key][0] == row.revision
        assert _full(heard[key][1]) == _told(row, stored, key), f"{key}: told {heard[key][1]}, and stored is {row.fields}"


def _told(row: Row[Any], stored: Tables, key: Key) -> dict[str, Any]:
    return {name: value for name, value in _full(row.fields).items() if name not in stored.untold[key[0]]}


def _full(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
