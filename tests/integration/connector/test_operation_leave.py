"""Whoever deletes a user by hand asks the guard first, as workflows do: without leave nothing is sent."""

from typing import Any

from shared.http.service_tokens import ServiceTokens
from sophos_central_simulator.faults import Fault
from tests.integration.connector.test_operations import DELETE, USERS, asked, deletes, deletion
from tests.support.connector import ACTOR, SERVICE_KEY, World, launched


async def test_a_deletion_without_leave_sends_nothing_and_goes_through_with_the_same_key_once_released(here: World) -> None:
    """An admin in a hurry must not be the hole in the guard; nor may the key be spent by the refusal."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        credential_id = (await api.get(f"/integrations/{integration_id}"))["credential_id"]
        one = here.custom()[0]
        request = deletion(here, credential_id, one)
        here.mapper.withhold_leave = True
        first = await api.post(DELETE, request)
        sent = deletes(here)
        here.mapper.withhold_leave = False
        second, third = await api.post(DELETE, request), await api.post(DELETE, request)

    assert (first["outcome"], first["code"], sent) == ("refused", "withheld_by_guard", 0)
    assert "release" in first["remedy"].lower()
    assert second["outcome"] == "done"
    assert (third, deletes(here)) == (second, 1)
    asks: list[dict[str, Any]] = here.mapper.leave_asked
    assert len(asks) == 2, "what is done already asks nobody"
    assert {(ask["source_id"], ask["key"]) for ask in asks} == {(one, asks[0]["key"])}
    assert (asks[0]["integration_ids"], asks[0]["cause"]["actor"]) == ([integration_id], ACTOR)
    assert here.mapper.leave_back == []


async def test_leave_that_was_not_used_is_given_back(here: World) -> None:
    """A typing error in the e-mail destroys nobody, and must not be counted against the next leaver."""
    async with here.connector() as api:
        request = deletion(here, await asked(api, here), here.custom()[0])
        request["arguments"]["expected_email"] = "somebody.else@example.com"
        out = await api.post(DELETE, request)

    assert out["outcome"] == "refused"
    assert [leave["key"] for leave in here.mapper.leave_back] == [here.mapper.leave_asked[0]["key"]]


async def test_leave_is_kept_while_it_is_unknown_what_came_of_the_deletion(here: World) -> None:
    """What may have destroyed somebody is counted; the same key asks for the same leave."""
    one = here.custom()[0]
    here.tenant.faults.append(Fault(kind="error", method="GET", path=f"{USERS}/{one}", skip=1, count=50, status=503))
    async with here.connector(retry_attempts=1) as api:
        request = deletion(here, await asked(api, here), one)
        first = await api.post(DELETE, request)
        here.tenant.faults.clear()
        second = await api.post(DELETE, request)

    assert (first["outcome"], second["outcome"]) == ("unknown", "done")
    assert here.mapper.leave_back == []
    assert len({ask["key"] for ask in here.mapper.leave_asked}) == 1
    assert deletes(here) == 1


async def test_a_guard_that_cannot_be_asked_lets_nothing_through(here: World) -> None:
    """Silence is no leave."""
    here.mapper.answers_leave = False
    async with here.connector() as api:
        request = deletion(here, await asked(api, here), here.custom()[0])
        out = await api.post(DELETE, request)
        sent = deletes(here)
        here.mapper.answers_leave = True
        again = await api.post(DELETE, request)

    assert (out["outcome"], out["code"], sent) == ("unknown", "service_unreachable", 0)
    assert again["outcome"] == "done"


async def test_a_workflow_s_step_is_not_weighed_twice(here: World) -> None:
    """It asked for its whole batch before, under its own key."""
    async with here.connector() as api:
        request = deletion(here, await asked(api, here), here.custom()[0])
        token = ServiceTokens(SERVICE_KEY, "workflow-engine").sign("connector", "workflow:Offboarding")
        api.http.headers["Authorization"] = f"Bearer {token}"
        out = await api.post(DELETE, request)
    assert (out["outcome"], here.mapper.leave_asked) == ("done", [])
