"""The past: records as they were at a moment, what differs between two, and what is said where details are gone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from mapper.history.retention import Kept, compact
from mapper.tables import REVISIONS
from shared.clock import now
from tests.support.guard import requested
from tests.support.mapper import Mapper, source_user
from tests.support.undo import run, undo

DAY = timedelta(days=1)
KEPT = Kept(whole=730 * DAY, period=30 * DAY)
YEARS_AGO = datetime(2021, 6, 1, 12, tzinfo=UTC)


async def as_of(mapper: Mapper, record_id: str, at: datetime, subject: str = "people", *, expect: int = 200) -> dict[str, Any]:
    """Return a record as it was."""
    answer: dict[str, Any] = await mapper.call("GET", f"/{subject}/{record_id}", params={"as_of": at.isoformat()}, expect=expect)
    return answer


async def renamed(mapper: Mapper, person_id: str, *names: str) -> list[datetime]:
    """Rename a person by hand, again and again; return the moments after each."""
    moments = []
    for name in names:
        await mapper.call("PATCH", f"/people/{person_id}", json={"fields": {"full_name": name}})
        moments.append(now())
    return moments


async def revisions(mapper: Mapper, record_id: str) -> list[Any]:
    """Return a record's revisions."""
    mine = select(REVISIONS).where(REVISIONS.c.record_id == UUID(record_id)).order_by(REVISIONS.c.revision)
    async with mapper.database.reading() as session:
        return list((await session.execute(mine)).all())


async def happened(mapper: Mapper, record_id: str, moments: dict[int, datetime]) -> None:
    """Let revisions of a record have happened at other moments."""
    async with mapper.units.begin() as unit:
        for number, at in moments.items():
            mine = (REVISIONS.c.record_id == UUID(record_id), REVISIONS.c.revision == number)
            await unit.session.execute(update(REVISIONS).where(*mine).values(at=at))


async def test_a_record_is_shown_as_it_was_at_any_moment(mapper: Mapper) -> None:
    """Who had which role when somebody left is asked long after it has changed."""
    start = now()
    await mapper.observe([source_user(1)])
    loaded = now()
    (person,) = await mapper.people()
    first, second = await renamed(mapper, person["id"], "Zoë", "Zoë Żak")
    assert [(await as_of(mapper, person["id"], at))["fields"]["full_name"] for at in (loaded, first, second)] == ["Żoë 1", "Zoë", "Zoë Żak"]
    then = await as_of(mapper, person["id"], first)
    assert (then["revision"], then["compacted_before"], then["not_in_history"]) == (2, None, ["synced_at"])
    assert datetime.fromisoformat(then["as_of"]) == first
    too_early = await as_of(mapper, person["id"], start, expect=404)
    assert (too_early["code"], "came to be" in too_early["detail"]) == ("not_there_then", True)
    (user,) = await mapper.saas_users()
    assert (await as_of(mapper, user["id"], loaded, "saas-users"))["fields"]["deactivated"] is False


async def test_the_future_and_moments_without_a_zone_are_refused(mapper: Mapper) -> None:
    """A moment that nobody can know must not be answered with a guess."""
    await mapper.observe([source_user(1)])
    (person,) = await mapper.people()
    assert (await as_of(mapper, person["id"], now() + DAY, expect=422))["code"] == "moment_in_the_future"
    for named, moments in (("to", {"from": now() - DAY, "to": now() + DAY}), ("from", {"from": now() + DAY})):
        sent = {name: moment.isoformat() for name, moment in moments.items()}
        refused = await mapper.call("GET", f"/people/{person['id']}/diff", params=sent, expect=422)
        assert (refused["code"], refused["fields"][0]["field"]) == ("moment_in_the_future", named)
    naive = await mapper.call("GET", f"/people/{person['id']}", params={"as_of": "2026-01-01T00:00:00"}, expect=422)
    assert "as_of" in naive["fields"][0]["field"]
    nobody = await as_of(mapper, str(uuid4()), now(), expect=404)
    assert nobody["code"] == "record_not_found"


async def test_two_moments_are_compared_with_what_brought_each_change(mapper: Mapper) -> None:
    """What changed over a quarter is one question, not a list of revisions to be read by hand."""
    await mapper.observe([source_user(1)])
    loaded = now()
    (person,) = await mapper.people()
    await renamed(mapper, person["id"], "Zoë", "Żoë 1")
    await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"role": "Boss"}})
    params = {"from": loaded.isoformat()}
    found = await mapper.call("GET", f"/people/{person['id']}/diff", params=params)
    assert (found["existed"], found["exists"], found["revisions"]) == (True, True, 3)
    assert {key: (one["before"], one["after"], one["cause"]["kind"]) for key, one in found["fields"].items()} == {
        "role": ("Employee", "Boss", "user")
    }
    before = await mapper.call("GET", f"/people/{person['id']}/diff", params={"from": (loaded - DAY).isoformat(), "to": loaded.isoformat()})
    assert (before["existed"], before["fields"]["full_name"]["after"]) == (False, "Żoë 1")
    swapped = {"from": loaded.isoformat(), "to": (loaded - DAY).isoformat()}
    assert (await mapper.call("GET", f"/people/{person['id']}/diff", params=swapped, expect=422))["code"] == "bad_interval"


async def test_a_removed_record_is_still_shown_as_it_was(mapper: Mapper) -> None:
    """The past does not change because somebody undid a run."""
    one = await run(mapper, [source_user(1)])
    loaded = now()
    (person,) = await mapper.people()
    await undo(mapper, one)
    assert (await as_of(mapper, person["id"], loaded))["fields"]["full_name"] == "Żoë 1"
    assert "was removed" in (await as_of(mapper, person["id"], now(), expect=404))["detail"]
    found = await mapper.call("GET", f"/people/{person['id']}/diff", params={"from": loaded.isoformat()})
    assert (found["existed"], found["exists"], found["fields"]["full_name"]["after"]) == (True, False, None)


async def test_old_revisions_melt_into_one_for_each_period_and_the_past_says_so(mapper: Mapper) -> None:
    """A field that changes daily must not fill the disk for ever; but where details are gone, nobody may believe that they are there."""
    await mapper.observe([source_user(1)])
    (person,) = await mapper.people()
    await renamed(mapper, person["id"], *(f"Name {number}" for number in range(2, 9)))
    start = datetime.fromtimestamp(KEPT.period_of(YEARS_AGO) * KEPT.period.total_seconds(), UTC)
    # Revisions 2 to 5 lie in one period, 6 and 7 in the next, 8, the newest, today.
    moments = {1: start, **{number: start + number * DAY for number in range(2, 6)}, 6: start + 31 * DAY, 7: start + 32 * DAY}
    await happened(mapper, person["id"], moments)
    assert await compact(mapper.units, KEPT) == 4
    left = await revisions(mapper, person["id"])
    assert [(row.revision, row.changes.get("full_name")) for row in left] == [
        (1, [None, "Żoë 1"]),
        (5, ["Żoë 1", "Name 5"]),
        (7, ["Name 5", "Name 7"]),
        (8, ["Name 7", "Name 8"]),
    ]
    assert (left[1].cause["kind"], left[1].melted_from, left[1].origin) == ("compaction", start + 2 * DAY, {"melted": 4})
    within = await as_of(mapper, person["id"], start + 3 * DAY)
    assert (within["fields"]["full_name"], datetime.fromisoformat(within["compacted_before"])) == ("Żoë 1", start + 5 * DAY)
    exactly = await as_of(mapper, person["id"], start + 10 * DAY)
    assert (exactly["fields"]["full_name"], exactly["compacted_before"]) == ("Name 5", None)
    assert await compact(mapper.units, KEPT) == 0, "what was looked at is not looked at again"
    assert (await as_of(mapper, person["id"], now()))["fields"] == {
        key: value for key, value in (await mapper.people())[0]["fields"].items() if key != "synced_at"
    }


async def test_what_a_proof_or_a_present_value_rests_on_never_melts(mapper: Mapper) -> None:
    """Tombstones and the answer to why a field has its value refer to revisions of long ago."""
    await mapper.observe([source_user(1)])
    (user,) = await mapper.saas_users()
    await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"roles": ["User"]}})
    for flag in (True, False, True):
        await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"to_be_deleted": flag}})
    assert await requested(mapper, "mark_deleted_in_source", [user["id"]], proof={"status": 404}) == ["applied"]
    await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"to_be_deleted": False}})
    before = await revisions(mapper, user["id"])
    start = datetime.fromtimestamp(KEPT.period_of(YEARS_AGO) * KEPT.period.total_seconds(), UTC)
    await happened(mapper, user["person_id"], {1: start})
    await happened(mapper, user["id"], {row.revision: start + row.revision * timedelta(hours=1) for row in before})
    assert await compact(mapper.units, KEPT) == 2
    left = await revisions(mapper, user["id"])
    assert [row.kind for row in left] == ["created", "updated", "updated", "deleted_in_source", "updated"]
    assert [row.melted_from is not None for row in left] == [False, False, True, False, False]
    why = await mapper.call("GET", f"/saas-users/{user['id']}/fields/roles/why")
    assert (why["answer"], why["change"]["cause"]["kind"]) == ("set", "user")


async def test_a_run_of_whose_time_details_are_gone_is_not_undone(mapper: Mapper) -> None:
    """Half of an undo would be worse than none."""
    one = await run(mapper, [source_user(1)])
    (person,) = await mapper.people()
    await happened(mapper, person["id"], {1: YEARS_AGO})
    await compact(mapper.units, Kept(whole=timedelta(seconds=-90 * 86_400), period=DAY))
    refused = await mapper.call("POST", f"/runs/{one}/undo", json={"mode": "plan"}, expect=409)
    assert (refused["code"], "by hand" in refused["remedy"]) == ("history_compacted", True)
