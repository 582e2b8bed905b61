"""Runs from the request to the balanced books."""

import asyncio
from datetime import timedelta
from random import Random

import pytest

from connector.runs import worker
from shared.events import ListingCompleted, RunFinished, UsersObserved, UsersProvenAbsent
from sophos_central_simulator.faults import Fault
from tests.support.connector import World, launched, run, told

USERS = "/common/v1/directory/users"


async def test_a_run_brings_everybody_and_its_books_balance(here: World) -> None:
    """The main job: whoever is in Sophos arrives once, in pages, with where they came from."""
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))

    assert (ended["state"], ended["pages"], ended["fetched"]) == ("completed", 3, 250)
    assert ended["counts"]["added"] == 250
    assert here.mapper.linked == here.tenant.directory.users
    observed = here.mapper.of(UsersObserved)
    assert [(event.page, len(event.records)) for event in observed] == [(1, 100), (2, 100), (3, 50)]
    provenance = observed[0].provenance
    assert provenance.initial
    assert provenance.inputs == {"tenant_id": here.tenant.id, "data_region": here.simulator.url}
    assert (provenance.credential_name, provenance.integration_user) == ("Sophos API", "sync@example.com")
    assert provenance.saas_instance_id == here.mapper.instance_id
    assert ended["requests"] == here.tenant.counts.total() + 1, "whoami, three pages, and the sign-in"


async def test_a_run_says_how_many_values_were_not_written(here: World) -> None:
    """A run that is complete and changed nothing must not look as if its source had nothing to say."""
    here.mapper.held_values = 2
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))

    assert (ended["state"], ended["held_values"]) == ("completed", 6), "of three pages"


async def test_what_a_run_tells_carries_the_request_s_correlation_id(here: World) -> None:
    """One id joins the request, the run and everything that follows from it."""
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))

    assert {str(event.correlation_id) for event in here.mapper.heard} == {ended["correlation_id"]}
    assert ended["requested_by"] == "ann@example.com"


async def test_a_second_run_finds_everybody_unchanged(here: World) -> None:
    """It is no first load any more, and nobody is absent."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        second = await run(api, integration_id)

    assert (second["state"], second["counts"]["unchanged"], second["missing"]) == ("completed", 250, 0)
    assert not here.mapper.of(UsersObserved)[-1].provenance.initial
    assert here.mapper.of(ListingCompleted)[-1].records == 250


async def test_whoever_left_is_proven_absent_by_id(here: World) -> None:
    """A listing alone says nothing about absence; a 404 for that very id does."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        moved = here.tenant.directory.drift(Random(1), change=7, join=3, leave=5, leave_ids=[])
        ended = await run(api, integration_id)

    gone = {person["id"] for person in moved["left"]}
    assert (ended["state"], ended["counts"]["added"], ended["counts"]["updated"]) == ("completed", 3, 7)
    assert (ended["missing"], ended["newly_missing"]) == (5, 5)
    absent = here.mapper.of(UsersProvenAbsent)[-1]
    proofs = absent.proofs
    assert (absent.pages, absent.records) == (3, 248)
    assert {proof.source_id for proof in proofs} == gone
    assert {(proof.status, proof.asked) for proof in proofs} == {(404, f"GET {USERS}/{one}") for one in gone}
    assert all(proof.source_correlation_id for proof in proofs)


async def test_a_run_shows_how_many_losses_are_withheld(here: World) -> None:
    """Proven absent, and yet nothing was changed: whoever reads the run must see why."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        first = await run(api, integration_id)
        moved = here.tenant.directory.drift(Random(1), change=0, join=0, leave=5, leave_ids=[])
        here.mapper.withhold = {person["id"] for person in moved["left"]}
        ended = await run(api, integration_id)

    assert first["withheld_losses"] == 0
    assert (ended["state"], ended["missing"], ended["newly_missing"], ended["withheld_losses"]) == ("completed", 0, 0, 5)


async def test_somebody_who_is_there_after_all_becomes_an_extra_page(here: World) -> None:
    """People who slip between two pages are not called absent, and are counted."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        here.mapper.also_suspect = [here.custom()[0]]
        ended = await run(api, integration_id)

    assert (ended["state"], ended["pages"], ended["fetched"], ended["missing"]) == ("completed", 4, 251, 0)
    assert here.mapper.of(UsersObserved)[-1].source_ids == here.mapper.also_suspect
    assert here.mapper.of(UsersProvenAbsent)[-1].proofs == []


async def test_silence_proves_nothing(here: World) -> None:
    """When Sophos does not answer for somebody, the run says so and nobody is marked."""
    async with here.connector(retry_attempts=2) as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        gone = sorted(here.tenant.directory.users)[:2]
        for one in gone:
            here.tenant.directory.remove(one)
        here.tenant.faults.append(Fault(kind="error", path=f"{USERS}/{gone[0]}", count=2, status=503))
        ended = await run(api, integration_id)
        errors = await api.get(f"/runs/{ended['id']}/errors")

    assert (ended["state"], ended["missing"]) == ("completed_with_errors", 1)
    assert [(error["source_id"], error["code"]) for error in errors["items"]] == [(gone[0], "absence_not_proven")]
    assert here.mapper.missing == {gone[1]}


async def test_an_empty_directory_ends_as_empty(here: World) -> None:
    """Nothing came, and that is said."""
    here.tenant.directory.users.clear()
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))

    assert (ended["state"], ended["pages"], ended["fetched"]) == ("empty", 0, 0)


async def test_a_record_that_cannot_be_applied_is_kept_with_its_reason(here: World) -> None:
    """One bad record never stops a page, and never disappears."""
    bad = here.custom()[0]
    here.mapper.reject = lambda source_id: source_id == bad
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))
        errors = await api.get(f"/runs/{ended['id']}/errors")

    assert (ended["state"], ended["counts"]["failed"], ended["counts"]["added"]) == ("completed_with_errors", 1, 249)
    (error,) = errors["items"]
    assert (error["source_id"], error["code"], error["record"]["id"]) == (bad, "no_email", bad)


async def test_a_user_without_an_id_is_an_error_of_the_run(here: World) -> None:
    """Without an id nobody can be told from others; the rest of the page is taken."""
    here.tenant.directory.users["broken"] = {**here.source(here.custom()[0]), "id": None}
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))
        errors = await api.get(f"/runs/{ended['id']}/errors")

    assert (ended["state"], ended["fetched"], ended["counts"]["failed"]) == ("completed_with_errors", 251, 1)
    assert [error["code"] for error in errors["items"]] == ["record_without_id"]


async def test_books_that_do_not_balance_are_never_called_complete(here: World) -> None:
    """A record that nobody accounts for is worse than a failed run."""
    here.mapper.lose = 1
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))
        finished = await told(here.mapper, RunFinished)

    assert (ended["state"], ended["error"]["code"]) == ("failed", "books_do_not_balance")
    assert (finished.state, finished.error["code"]) == ("failed", "books_do_not_balance")


async def test_one_run_at_a_time(here: World) -> None:
    """A second request is refused while one has not ended, and names it."""
    here.tenant.faults.append(Fault(kind="slow", path=USERS, seconds=0.5))
    async with here.connector() as api:
        integration_id = await launched(api, here)
        first = await api.post(f"/integrations/{integration_id}/runs", expect=202)
        refused = await api.post(f"/integrations/{integration_id}/runs", expect=409)

    assert refused["code"] == "run_in_progress"
    assert first["id"] in refused["detail"]
    assert (refused["fields"][0]["field"], "cancel it" in refused["remedy"]) == ("integration_id", True)


async def test_pages_that_are_never_applied_do_not_block_the_integration_forever(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose pages lie in dead letters ends as failed, and says where to look."""
    monkeypatch.setattr(worker, "TIDY_EVERY", timedelta(0))
    here.mapper.hold = asyncio.Event()
    async with here.connector(applying_hours=0.5 / 3600) as api:
        failed = await run(api, await launched(api, here))
        here.mapper.hold.set()

    assert (failed["state"], failed["error"]["code"]) == ("failed", "applying_timed_out")
    assert "dead letters" in failed["error"]["remedy"]


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        (Fault(kind="throttle", path=USERS, count=2, retry_after=0), 2),
        (Fault(kind="throttle", path=USERS, count=1), 1),
        (Fault(kind="error", path=USERS, count=2, status=502), 2),
        (Fault(kind="cut", path=USERS, count=2), 2),
        (Fault(kind="not_json", path=USERS, skip=1), 1),
        (Fault(kind="expire_tokens", path=USERS, skip=1), 1),
        (Fault(kind="error", path="/api/v2/oauth2/token", count=1, status=503), 0),
    ],
    ids=["429 with Retry-After", "429", "502", "cut", "a proxy's page of HTML", "expired token", "sign-in 503"],
)
async def test_what_passes_by_itself_does_not_stop_a_run(here: World, fault: Fault, tries: int) -> None:
    """Transient trouble costs requests, not records."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        here.tenant.faults.append(fault.model_copy())
        ended = await run(api, integration_id)

    assert (ended["state"], ended["fetched"]) == ("completed", 250)
    assert here.tenant.counts[f"GET {USERS}"] == 3 + tries
    assert not here.tenant.faults


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(kind="not_json", path=USERS, skip=1, count=99), "source_not_json"),
        (Fault(kind="forbidden", path=USERS), "sophos_access_refused"),
        (Fault(kind="error", path=USERS, count=99), "source_failed"),
        (Fault(kind="throttle", path=USERS, retry_after=3600), "source_throttled"),
    ],
    ids=["not JSON", "403", "500 for good", "an hour's pause"],
)
async def test_what_does_not_pass_fails_the_run_with_one_clear_error(here: World, fault: Fault, code: str) -> None:
    """The error has a code and a remedy; nothing is said about absence; the next run is free to begin."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        here.tenant.faults.append(fault.model_copy())
        failed = await run(api, integration_id)
        sent = here.tenant.counts.total()
        here.tenant.faults.clear()
        following = await run(api, integration_id)

    assert (failed["state"], failed["error"]["code"]) == ("failed", code)
    assert failed["error"]["remedy"]
    assert failed["counts"]["failed"] == 0
    assert failed["requests"] == sent + 1, "all that was sent counts, and the sign-in"
    assert not [event for event in here.mapper.of(ListingCompleted) if str(event.provenance.run_id) == failed["id"]]
    assert following["state"] == "completed"


async def test_what_was_sent_counts_whether_pages_came_before_or_not_even_an_owner(here: World) -> None:
    """A day's limit is eaten by attempts that fail as well: a failed run that shows too few hides where they went."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        here.tenant.faults.append(Fault(kind="error", path=USERS, skip=2, count=99))
        late = await run(api, integration_id)
        sent = here.tenant.counts.total()
        here.tenant.faults[:] = [Fault(kind="error", path="/whoami", count=99)]
    async with here.connector() as api:
        early = await run(api, integration_id)
    assert (late["state"], late["pages"], late["requests"]) == ("failed", 2, sent + 1)
    assert (early["state"], early["requests"]) == ("failed", here.tenant.counts.total() - sent + 1)


async def test_a_wrong_secret_fails_the_run_and_changes_nothing(here: World) -> None:
    """The error names Sophos' own code, and what to do."""
    async with here.connector() as api:
        failed = await run(api, await launched(api, here, secret="not-the-secret-at-all"))
        await told(here.mapper, RunFinished)

    assert (failed["state"], failed["error"]["code"]) == ("failed", "sophos_wrong_secret")
    assert failed["error"]["source_code"] == "oauth.invalid_client_secret"
    assert failed["error"]["source_correlation_id"]
    assert "API credential" in failed["error"]["remedy"]
    assert failed["fetched"] == 0
    assert [type(event) for event in here.mapper.heard] == [RunFinished]


async def test_inputs_of_another_tenant_stop_the_run_before_a_page_is_read(here: World) -> None:
    """The error names the variable, and what Sophos says instead."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        (variable,) = [one for one in (await api.get("/variables"))["items"] if one["name"] == "Sophos.Tenant ID"]
        await api.ask("PUT", f"/variables/{variable['id']}", {"value": "11111111-1111-4111-8111-111111111111"})
        failed = await run(api, integration_id)

    assert failed["error"]["code"] == "sophos_inputs_disagree"
    assert "'Sophos.Tenant ID'" in failed["error"]["message"]
    assert here.tenant.id in failed["error"]["message"]
    assert not here.mapper.of(UsersObserved)


async def test_an_unreachable_source_is_named(here: World) -> None:
    """A network problem must not look like anything else."""
    async with here.connector(sophos_global_url="http://127.0.0.1:9", retry_attempts=2) as api:
        failed = await run(api, await launched(api, here))

    assert failed["error"]["code"] == "source_unreachable"
    assert "http://127.0.0.1:9" in failed["error"]["message"]
