"""Errors of a run: told again once their cause is mended, emptied of what they hold, and kept only for so long."""

from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select, update

from connector.runs.retention import remove_old
from connector.tables import OUTBOX, RUN_ERRORS, RUN_LOG, RUN_PAGES, RUNS, SCHEMA
from shared.clock import now
from shared.db.engine import opened
from shared.events import ListingCompleted, UsersObserved
from shared.ids import new_id
from shared.unit import Units
from tests.support.connector import Api, World, ended, launched, run


async def replayed(api: Api, run_id: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Replay a run's errors, to the end."""
    return await ended(api, (await api.post(f"/runs/{run_id}/errors/replay", body, expect=202))["id"])


async def test_what_failed_arrives_once_its_cause_is_mended(here: World) -> None:
    """Without reading the whole directory again; the replay's books are its own, and it says of nobody that they are gone."""
    fail = set(here.custom()[:120])
    here.mapper.reject = fail.__contains__
    async with here.connector() as api:
        first = await run(api, await launched(api, here))
        still = here.custom()[0]
        here.mapper.reject = lambda source_id: source_id == still
        again = await replayed(api, first["id"])
        errors = (await api.get(f"/runs/{again['id']}/errors"))["items"]
        here.mapper.reject = lambda _source_id: False
        last = await replayed(api, again["id"])
        old = (await api.get(f"/runs/{first['id']}/errors", limit=500))["items"]
        refused = await api.post(f"/runs/{first['id']}/errors/replay", expect=409)

    assert (first["state"], first["counts"]["failed"]) == ("completed_with_errors", 120)
    assert (again["kind"], again["replay_of"], again["state"]) == ("replay", first["id"], "completed_with_errors")
    assert (again["fetched"], again["counts"]["added"], again["counts"]["failed"], again["requests"]) == (120, 119, 1, 0)
    assert [error["source_id"] for error in errors] == [still]
    assert (last["state"], last["counts"]["added"]) == ("completed", 1)
    assert fail <= set(here.mapper.linked)
    assert {error["replay_run_id"] for error in old} == {again["id"]}
    assert all(error["replayed_at"] for error in old)
    assert (refused["code"], refused["fields"][0]["field"]) == ("nothing_to_replay", "run_id")
    assert len(here.mapper.of(ListingCompleted)) == 1
    told = [event for event in here.mapper.of(UsersObserved) if event.provenance.replayed]
    assert {str(event.provenance.run_id) for event in told} == {again["id"], last["id"]}
    # As old as it is: whoever was seen since must not be set back.
    read = {event.fetched_at for event in here.mapper.of(UsersObserved) if str(event.provenance.run_id) == first["id"]}
    assert {event.fetched_at for event in told} <= read


async def test_some_errors_may_be_chosen(here: World) -> None:
    """The rest stays for another time."""
    fail = set(here.custom()[:3])
    here.mapper.reject = fail.__contains__
    async with here.connector() as api:
        first = await run(api, await launched(api, here))
        errors = (await api.get(f"/runs/{first['id']}/errors"))["items"]
        here.mapper.reject = lambda _source_id: False
        some = await replayed(api, first["id"], {"error_ids": [errors[0]["id"]]})
        rest = await replayed(api, first["id"])

    assert (some["fetched"], rest["fetched"]) == (1, 2)


async def test_a_replay_that_was_cancelled_leaves_its_records_to_the_next(here: World) -> None:
    """What was never told is not lost."""
    here.mapper.reject = set(here.custom()[:3]).__contains__
    async with here.connector() as api:
        first = await run(api, await launched(api, here))
    async with here.connector(worker_poll=60) as api:
        queued = await api.post(f"/runs/{first['id']}/errors/replay", expect=202)
        cancelled = await api.post(f"/runs/{queued['id']}/cancel")
    async with here.connector() as api:
        again = await replayed(api, first["id"])

    assert (cancelled["state"], cancelled["fetched"]) == ("cancelled", 0)
    assert again["fetched"] == 3


async def test_a_redacted_record_is_gone_for_good(here: World) -> None:
    """Whoever must forget a person must be able to forget them here too; the error stays."""
    fails = here.custom()[0]
    here.mapper.reject = lambda source_id: source_id == fails
    async with here.connector() as api:
        first = await run(api, await launched(api, here))
        (error,) = (await api.get(f"/runs/{first['id']}/errors"))["items"]
        redacted = await api.post(f"/runs/{first['id']}/errors/{error['id']}/redact")
        twice = await api.post(f"/runs/{first['id']}/errors/{error['id']}/redact")
        refused = await api.post(f"/runs/{first['id']}/errors/replay", {"error_ids": [error["id"]]}, expect=409)
        unknown = await api.post(f"/runs/{first['id']}/errors/{new_id()}/redact", expect=404)

    assert error["record"]["id"] == fails
    assert (redacted["record"], redacted["code"]) == (None, error["code"])
    assert redacted["redacted_by"]
    assert twice == redacted
    assert (refused["code"], refused["fields"][0]["field"]) == ("nothing_to_replay", "error_ids")
    assert unknown["code"] == "run_error_not_found"


async def test_old_runs_go_and_the_last_full_one_stays(here: World, database_url: SecretStr) -> None:
    """Were it gone too, the next run would pass for a first load; raw records go earlier than the rest."""
    here.mapper.reject = lambda source_id: source_id == here.custom()[0]
    async with here.connector() as api:
        integration_id = await launched(api, here)
        runs = [await run(api, integration_id) for _ in range(3)]
    async with opened(database_url, SCHEMA.name) as database:
        units = Units(database, OUTBOX)
        async with units.begin() as unit:
            ages = {runs[0]["id"]: 100, runs[1]["id"]: 40, runs[2]["id"]: 100}
            for row in (await unit.session.execute(select(RUNS.c.id))).all():
                aged = update(RUNS).where(RUNS.c.id == row.id)
                await unit.session.execute(aged.values(ended_at=now() - timedelta(days=ages[str(row.id)])))
        await remove_old(units, here.settings)
        async with database.reading() as session:
            left = {str(one) for one in await session.scalars(select(RUNS.c.id))}
            parts = {table.name: set(await session.scalars(select(table.c.run_id))) for table in (RUN_PAGES, RUN_ERRORS, RUN_LOG)}
            records = await session.scalar(select(func.count()).select_from(RUN_ERRORS).where(RUN_ERRORS.c.record.is_not(None)))

    assert left == {runs[1]["id"], runs[2]["id"]}
    assert all({str(one) for one in run_ids} == left for run_ids in parts.values())
    assert records == 0
