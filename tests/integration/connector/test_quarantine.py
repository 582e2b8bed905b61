"""Quarantine: an integration that keeps failing is left alone for longer and longer, and anybody can see why and end it."""

from datetime import timedelta
from typing import Any

from connector.quarantine.quarantine import Limits
from sophos_central_simulator.faults import Fault
from tests.support.connector import Api, World, ended, eventually, launched, run

USERS = "/common/v1/directory/users"


async def shown(api: Api, integration_id: str) -> dict[str, Any]:
    """Return the integration."""
    answer: dict[str, Any] = await api.get(f"/integrations/{integration_id}")
    return answer


async def test_a_refused_credential_is_enough_and_a_new_secret_is_tried_at_once(here: World) -> None:
    """Asking again with a wrong secret could lock the real one out; mending it should not take until tomorrow."""
    async with here.connector(schedule_poll=0.05) as api:
        integration_id = await launched(api, here, secret="a secret that is not the tenant's")
        failed = await run(api, integration_id)
        alone = await shown(api, integration_id)
        assert failed["error"]["code"] == "sophos_wrong_secret"
        assert (alone["state"], alone["quarantine"]["failures"]) == ("quarantined", 1)
        assert alone["quarantine"]["reason"].pop("run_id") == failed["id"]
        assert alone["quarantine"]["reason"].items() <= failed["error"].items()
        body = {"secrets": {"client_secret": here.tenant.client_secret}}
        await api.ask("PUT", f"/credentials/{alone['credential_id']}/secret", body)

        async def well() -> dict[str, Any] | None:
            found = await shown(api, integration_id)
            return found if found["state"] == "active" else None

        assert (await eventually(well))["quarantine"] is None
        (newest, *_) = (await api.get(f"/integrations/{integration_id}/runs"))["items"]
    assert (newest["state"], newest["requested_by"]) == ("completed", "schedule")


async def test_a_source_that_fails_again_and_again_is_left_alone_until_somebody_releases_it(here: World) -> None:
    """A passing fault is not enough; the third in a row is."""
    async with here.connector(retry_attempts=1) as api:
        integration_id = await launched(api, here)
        here.tenant.faults.append(Fault(kind="error", path=USERS, status=503, count=3))
        for failures in (1, 2):
            await run(api, integration_id)
            assert (await shown(api, integration_id))["state"] == "active", failures
        await run(api, integration_id)
        alone = await shown(api, integration_id)
        assert (alone["state"], alone["quarantine"]["failures"]) == ("quarantined", 3)
        assert alone["quarantine"]["reason"]["code"] == "source_failed"
        released = await api.post(f"/integrations/{integration_id}/release")
        again = await api.post(f"/integrations/{integration_id}/release", expect=409)
        done = await run(api, integration_id)

    assert (released["state"], released["quarantine"], again["code"]) == ("active", None, "not_quarantined")
    assert done["state"] == "completed"


async def test_a_good_run_in_between_starts_the_count_anew(here: World) -> None:
    """Only failures in a row count."""
    async with here.connector(retry_attempts=1) as api:
        integration_id = await launched(api, here)
        for good in (False, False, True, False, False):
            if not good:
                here.tenant.faults.append(Fault(kind="error", path=USERS, status=503))
            await run(api, integration_id)
        assert (await shown(api, integration_id))["state"] == "active"


async def test_when_the_pause_is_over_there_is_one_trial(here: World) -> None:
    """And the next pause is longer, if it fails too."""
    async with here.connector(retry_attempts=1, schedule_poll=0.05, quarantine_failures=1, quarantine_first_hours=0.001) as api:
        integration_id = await launched(api, here)
        here.tenant.faults.append(Fault(kind="error", path=USERS, status=503, count=2))
        await run(api, integration_id)
        first = (await shown(api, integration_id))["quarantine"]

        async def tried() -> dict[str, Any] | None:
            found = (await shown(api, integration_id))["quarantine"]
            return found if found is not None and found["failures"] == 2 else None

        second = await eventually(tried)
        runs = (await api.get(f"/integrations/{integration_id}/runs"))["items"]
        assert len(runs) == 2
        await ended(api, runs[0]["id"])
    assert second["since"] == first["since"]
    assert second["next_trial_at"] > first["next_trial_at"]


def test_pauses_double_up_to_a_day() -> None:
    """An integration is never forgotten."""
    pauses = [Limits().pause(trials) for trials in range(8)]
    assert pauses[:5] == [timedelta(hours=hours) for hours in (1, 2, 4, 8, 16)]
    assert set(pauses[5:]) == {timedelta(hours=24)}
    assert Limits().pause(10_000) == timedelta(hours=24)
