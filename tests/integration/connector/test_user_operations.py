"""Creating and editing users and their groups in Sophos: each effect is read back, and the same key never acts twice."""

from typing import Any

import pytest

from shared.ids import new_id
from sophos_central_simulator.faults import Fault
from tests.support.connector import INPUTS, Api, World, store_access

USERS = "/common/v1/directory/users"
NOBODY = "aaaaaaaa-0000-4000-8000-000000000000"


async def ready(api: Api, here: World) -> dict[str, Any]:
    """Store what operations need; return what every request has in common, with a key of its own."""
    credential_id = await store_access(api, here.tenant, here.simulator.url)
    return {"idempotency_key": str(new_id()), "credential_id": credential_id, "inputs": INPUTS}


async def operate(api: Api, operation: str, base: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    """Do something to users; return what came of it."""
    out: dict[str, Any] = await api.post(f"/operations/sophos-users/{operation}", {**base, "arguments": arguments})
    return out


def made(here: World, email: str) -> list[dict[str, Any]]:
    """Return the users with this e-mail in Sophos."""
    return [user for user in here.tenant.directory.users.values() if user.get("email") == email]


def group(here: World) -> str:
    """Return the id of a group that was made in Sophos."""
    found: str = here.tenant.directory.groups[0]["id"]
    return found


def writes(here: World, method: str) -> int:
    """Return how many writes of a kind Sophos has seen."""
    return sum(count for call, count in here.tenant.counts.items() if call.startswith(f"{method} "))


async def test_a_user_is_created_once_and_read_back(here: World) -> None:
    """The record that Sophos shows is the result; the same key says the same and does nothing."""
    async with here.connector() as api:
        base = await ready(api, here)
        given = {"email": "new@example.com", "name": "New One", "first_name": "New", "group_ids": [group(here)]}
        first = await operate(api, "create-user", base, **given)
        second = await operate(api, "create-user", base, **given)

    assert (first["outcome"], first["code"]) == ("done", "created")
    assert first == second
    (user,) = made(here, "new@example.com")
    assert first["result"]["source_id"] == user["id"]
    assert first["result"]["record"]["firstName"] == "New"
    assert writes(here, "POST") == 1


async def test_an_e_mail_that_is_in_use_creates_nobody(here: World) -> None:
    """Sophos compares e-mails; so do we, before anything is sent."""
    async with here.connector() as api:
        taken = here.source(here.custom()[0])["email"]
        out = await operate(api, "create-user", await ready(api, here), email=taken.upper(), name="Twin")

    assert (out["outcome"], out["code"], writes(here, "POST")) == ("refused", "email_in_use", 0)


async def test_a_group_that_does_not_exist_creates_nobody(here: World) -> None:
    """The refusal is Sophos' own."""
    async with here.connector() as api:
        out = await operate(api, "create-user", await ready(api, here), email="n@example.com", name="N", group_ids=[NOBODY])
    assert (out["outcome"], out["code"]) == ("refused", "group_not_found")
    assert made(here, "n@example.com") == []


async def test_a_creation_whose_answer_is_lost_is_found_again(here: World) -> None:
    """By its e-mail: neither a second user nor a wrong refusal."""
    here.tenant.faults.append(Fault(kind="cut_after", method="POST", path=USERS))
    async with here.connector() as api:
        out = await operate(api, "create-user", await ready(api, here), email="lost@example.com", name="Lost")
    assert (out["outcome"], out["code"]) == ("done", "created")
    assert len(made(here, "lost@example.com")) == 1


async def test_a_creation_that_could_not_be_read_back_is_settled_by_the_same_key(here: World) -> None:
    """What an earlier attempt has created is not somebody else's."""
    here.tenant.faults.append(Fault(kind="cut_after", method="POST", path=USERS))
    here.tenant.faults.append(Fault(kind="error", method="GET", path=USERS, skip=1, count=5))
    async with here.connector() as api:
        base = await ready(api, here)
        unknown = await operate(api, "create-user", base, email="lost@example.com", name="Lost")
        settled = await operate(api, "create-user", base, email="lost@example.com", name="Lost")
    assert (unknown["outcome"], unknown["code"]) == ("unknown", "not_proven")
    assert (settled["outcome"], settled["code"], writes(here, "POST")) == ("done", "created", 1)


async def test_a_user_is_changed_and_read_back(here: World) -> None:
    """Only what is given changes; asking for what is so already sends nothing."""
    async with here.connector() as api:
        base, one = await ready(api, here), here.custom()[0]
        before = here.source(one)["email"]
        changed = await operate(api, "edit-user", base, source_id=one, expected_email=before, last_name="Łukasiewicz")
        again = await operate(api, "edit-user", {**base, "idempotency_key": str(new_id())}, source_id=one, last_name="Łukasiewicz")

    assert (changed["outcome"], changed["code"]) == ("done", "changed")
    assert (here.source(one)["lastName"], here.source(one)["email"]) == ("Łukasiewicz", before)
    assert (again["outcome"], again["code"], writes(here, "PATCH")) == ("done", "already_so", 1)


@pytest.mark.parametrize("why", ["synced", "another e-mail", "gone", "e-mail in use"])
async def test_a_change_that_must_not_be_is_refused_in_plain_words(here: World, why: str) -> None:
    """Each with what to do instead."""
    async with here.connector() as api:
        one, other = here.custom()[:2]
        arguments = {
            "synced": {"source_id": here.synced()[0], "name": "X"},
            "another e-mail": {"source_id": one, "name": "X", "expected_email": "other@example.com"},
            "gone": {"source_id": NOBODY, "name": "X"},
            "e-mail in use": {"source_id": one, "email": here.source(other)["email"]},
        }[why]
        out = await operate(api, "edit-user", await ready(api, here), **arguments)

    codes = {"synced": "directory_synced", "another e-mail": "email_mismatch", "gone": "not_found", "e-mail in use": "source_conflict"}
    assert (out["outcome"], out["code"]) == ("refused", codes[why])
    assert out["remedy"]


async def test_wrong_arguments_are_named_before_anything_is_sent(here: World) -> None:
    """A misspelt name must not be ignored: it would change something else than was meant."""
    async with here.connector() as api:
        base = {**await ready(api, here)}
        path = "/operations/sophos-users/edit-user"
        misspelt = await api.post(path, {**base, "arguments": {"source_id": here.custom()[0], "firstname": "X"}}, expect=422)
        nothing = await api.post(path, {**base, "arguments": {"source_id": here.custom()[0]}}, expect=422)
        no_id = await api.post(path, {**base, "arguments": {"source_id": "../x", "name": "X"}}, expect=422)
    assert misspelt["fields"][0]["field"] == "arguments.firstname"
    assert "first_name" in misspelt["remedy"]
    assert "nothing is to change" in nothing["detail"]
    assert no_id["code"] == "not_a_source_id"
    assert here.tenant.counts.total() == 0


async def test_the_catalogue_lists_what_can_be_done(here: World) -> None:
    """With a schema of the arguments, so that a form or a client can be made of it."""
    async with here.connector() as api:
        users = {one["key"]: one for one in (await api.get("/providers/sophos-users"))["operations"]}
        devices = {one["key"]: one for one in (await api.get("/providers/sophos-endpoints"))["operations"]}
        presets = (await api.get("/providers/sophos-endpoints"))["presets"]

    assert {"create-user", "edit-user", "delete-user", "add-to-groups", "remove-from-groups", "lookup-users"} == set(users)
    assert users["create-user"]["arguments"]["required"] == ["email"]
    assert {key for key, one in devices.items() if one["destructive"]} == {"isolate-endpoint", "delete-endpoint"}
    assert {preset["operation"] for preset in presets} == set(devices)
    assert not any(preset["in_workflows"] for preset in presets), "no block works on assets yet"
    assert {preset["operation"] for preset in presets if preset["destructive"]} == {"isolate-endpoint", "delete-endpoint"}
