"""Operations: what Sophos shows afterwards counts, and one key never acts twice."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from connector.tables import OPERATIONS, SCHEMA
from shared.clock import now
from shared.db.engine import opened
from shared.ids import new_id
from sophos_central_simulator.administration import has_role
from sophos_central_simulator.faults import Fault
from tests.support.connector import INPUTS, Api, World, store_access

USERS = "/common/v1/directory/users"
DELETE = "/operations/sophos-users/delete-user"
LOOKUP = "/operations/sophos-users/lookup-users"


def deletion(here: World, credential_id: str, source_id: str, **changes: Any) -> dict[str, Any]:
    """Return a request to delete somebody, whose e-mail is as Sophos has it."""
    email = here.source(source_id)["email"] if source_id in here.tenant.directory.users else "gone@example.com"
    arguments = {"source_id": source_id, "expected_email": email}
    request = {"idempotency_key": str(new_id()), "credential_id": credential_id, "inputs": INPUTS, "arguments": arguments}
    return {**request, **changes}


async def asked(api: Api, here: World) -> str:
    """Store what operations need; return the credential's id."""
    return await store_access(api, here.tenant, here.simulator.url)


def deletes(here: World) -> int:
    """Return how many deletions Sophos has seen."""
    return here.tenant.counts[f"DELETE {USERS}/{{id}}"]


async def test_a_deletion_is_done_when_sophos_says_404(here: World) -> None:
    """The answer to the DELETE proves nothing; the look afterwards does."""
    async with here.connector() as api:
        one = here.custom()[0]
        out = await api.post(DELETE, deletion(here, await asked(api, here), one))

    assert (out["outcome"], out["code"]) == ("done", "deleted")
    assert one not in here.tenant.directory.users
    assert len(here.tenant.directory.users) == 249
    assert out["evidence"]["request"]["path"] == f"{USERS}/{one}"
    assert out["evidence"]["answer"]["status"] == 200
    assert out["evidence"]["read_back"]["status"] == 404
    assert out["result"]["proof"]["source_id"] == one


async def test_the_same_key_gives_the_same_answer_and_does_nothing(here: World) -> None:
    """A repeated call is not a second deletion."""
    async with here.connector() as api:
        request = deletion(here, await asked(api, here), here.custom()[0])
        first, second = await api.post(DELETE, request), await api.post(DELETE, request)

    assert first == second
    assert deletes(here) == 1


async def test_two_calls_at_once_with_one_key_act_once(here: World) -> None:
    """The second one is told that it is being done, and to ask again."""
    here.tenant.faults.append(Fault(kind="slow", method="DELETE", seconds=0.4))
    async with here.connector() as api, here.connector() as other:
        request = deletion(here, await asked(api, here), here.custom()[0])
        first, second = await asyncio.gather(api.post(DELETE, request), other.post(DELETE, request))

    assert {first["outcome"], second["outcome"]} == {"done", "unknown"}
    assert {first["code"], second["code"]} == {"deleted", "in_progress"}
    assert deletes(here) == 1


async def test_one_key_belongs_to_one_request(here: World) -> None:
    """Using it for somebody else would hide a deletion behind another's answer."""
    async with here.connector() as api:
        first, second = here.custom()[:2]
        request = deletion(here, await asked(api, here), first)
        await api.post(DELETE, request)
        other = deletion(here, request["credential_id"], second, idempotency_key=request["idempotency_key"])
        refused = await api.post(DELETE, other, expect=409)

    assert refused["code"] == "idempotency_key_reused"
    assert second in here.tenant.directory.users


async def test_somebody_who_is_not_there_is_gone_already(here: World) -> None:
    """Nothing is sent for somebody who is proven absent."""
    async with here.connector() as api:
        out = await api.post(DELETE, deletion(here, await asked(api, here), "aaaaaaaa-0000-4000-8000-000000000000"))

    assert (out["outcome"], out["code"], deletes(here)) == ("done", "already_absent", 0)
    assert out["result"]["proof"]["status"] == 404


async def test_another_e_mail_than_expected_stops_the_deletion(here: World) -> None:
    """An id that now belongs to somebody else must not cost them their account."""
    async with here.connector() as api:
        one = here.custom()[0]
        request = deletion(here, await asked(api, here), one, arguments={"source_id": one, "expected_email": "other@example.com"})
        out = await api.post(DELETE, request)

    assert (out["outcome"], out["code"], deletes(here)) == ("refused", "email_mismatch", 0)
    assert one in here.tenant.directory.users


async def test_a_directory_synced_user_is_refused_with_what_to_do_instead(here: World) -> None:
    """Sophos answers 409; the remedy names the directory."""
    async with here.connector() as api:
        one = next(key for key in here.synced() if here.source(key).get("email"))
        out = await api.post(DELETE, deletion(here, await asked(api, here), one))

    assert (out["outcome"], out["code"]) == ("refused", "directory_synced")
    assert "Active Directory" in out["remedy"]
    assert one in here.tenant.directory.users


async def test_a_credential_that_may_only_read_is_refused_and_may_ask_again(here: World) -> None:
    """Once the role is mended the same key works."""
    here.tenant.switches.read_only = True
    async with here.connector() as api:
        request = deletion(here, await asked(api, here), here.custom()[0])
        refused = await api.post(DELETE, request)
        here.tenant.switches.read_only = False
        done = await api.post(DELETE, request)

    assert (refused["outcome"], refused["code"]) == ("refused", "sophos_access_refused")
    assert "role" in refused["remedy"]
    assert (done["outcome"], done["code"]) == ("done", "deleted")


async def test_a_deletion_whose_answer_is_lost_is_looked_up(here: World) -> None:
    """The connection broke after Sophos had acted: the look tells."""
    here.tenant.faults.append(Fault(kind="cut_after", method="DELETE"))
    async with here.connector() as api:
        out = await api.post(DELETE, deletion(here, await asked(api, here), here.custom()[0]))

    assert (out["outcome"], out["code"], deletes(here)) == ("done", "deleted", 1)
    assert out["evidence"]["answer"]["none"]["code"] == "source_unreachable"


async def test_an_unknown_outcome_is_resolved_by_looking_not_by_guessing(here: World) -> None:
    """Neither the answer nor the look afterwards came through; the same key looks first."""
    here.tenant.faults.append(Fault(kind="cut_after", method="DELETE"))
    here.tenant.faults.append(Fault(kind="error", method="GET", path=f"{USERS}/", skip=1, count=5))
    async with here.connector() as api:
        one = here.custom()[0]
        request = deletion(here, await asked(api, here), one)
        unknown = await api.post(DELETE, request)
        resolved = await api.post(DELETE, request)

    assert (unknown["outcome"], unknown["code"]) == ("unknown", "not_proven")
    assert (resolved["outcome"], resolved["code"], deletes(here)) == ("done", "deleted", 1)
    assert resolved["evidence"]["request"]["path"] == f"{USERS}/{one}"


async def test_a_deletion_that_failed_is_done_again_under_the_same_key(here: World) -> None:
    """Sophos failed and the user is still there: unknown, and the next call deletes."""
    here.tenant.faults.append(Fault(kind="error", method="DELETE"))
    async with here.connector() as api:
        request = deletion(here, await asked(api, here), here.custom()[0])
        unknown = await api.post(DELETE, request)
        done = await api.post(DELETE, request)

    assert (unknown["outcome"], unknown["code"]) == ("unknown", "not_proven")
    assert (done["outcome"], done["code"]) == ("done", "deleted")


async def test_a_worker_that_died_is_followed_by_one_that_looks(here: World) -> None:
    """The key's lease has run out: the next caller takes over, and what was sent is known."""
    here.tenant.faults.append(Fault(kind="slow", method="DELETE", seconds=60))
    async with here.connector() as api:
        one = here.custom()[0]
        request = deletion(here, await asked(api, here), one)
        dying = asyncio.create_task(api.post(DELETE, request))
        while not deletes(here):  # noqa: ASYNC110 - the simulator tells nobody
            await asyncio.sleep(0.01)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        here.tenant.directory.remove(one)
        busy = await api.post(DELETE, request)
        async with opened(here.settings.database_url, SCHEMA.name) as database, database.writes() as session, session.begin():
            await session.execute(update(OPERATIONS).values(lease_until=now() - timedelta(seconds=1)))
        taken_over = await api.post(DELETE, request)

    assert (busy["outcome"], busy["code"]) == ("unknown", "in_progress")
    assert (taken_over["outcome"], taken_over["code"], deletes(here)) == ("done", "deleted", 1)


async def test_a_lookup_says_who_is_there_who_is_not_and_who_is_unclear(here: World) -> None:
    """The list finds most; whoever it does not show is asked for by id, and only a 404 counts as absent."""
    async with here.connector() as api:
        credential_id = await asked(api, here)
        gone = here.custom()[0]
        here.tenant.directory.remove(gone)
        everybody = [*here.tenant.directory.users, gone, "../whoami"]
        request = deletion(here, credential_id, gone, arguments={"source_ids": everybody})
        out = await api.post(LOOKUP, request)

    result = out["result"]
    assert out["outcome"] == "done"
    assert {one["source_id"] for one in result["found"]} == set(here.tenant.directory.users)
    assert {tuple(one["roles"]) for one in result["found"]} == {("User",)}
    assert [(one["source_id"], one["status"]) for one in result["absent"]] == [(gone, 404)]
    assert [(one["source_id"], one["code"]) for one in result["unknown"]] == [("../whoami", "not_a_source_id")]
    assert here.tenant.counts[f"GET {USERS}"] == 3


async def test_a_lookup_brings_the_roles_of_administrators_with_their_ids(here: World) -> None:
    """Who may change everything is what an offboarding wants to know; and a role may be renamed."""
    async with here.connector() as api:
        credential_id = await asked(api, here)
        role = here.tenant.administration.role_named("Read-only")
        holders = {user["id"] for admin in here.tenant.administration.admins() for user in admin["users"] if has_role(admin, role["id"])}
        everybody = list(here.tenant.directory.users)
        arguments = {"source_ids": everybody, "admin_roles": True}
        out = await api.post(LOOKUP, deletion(here, credential_id, everybody[0], arguments=arguments))

    found = {user["source_id"]: user for user in out["result"]["found"]}
    assert holders
    assert {one for one, user in found.items() if "Read-only" in user["roles"]} == holders
    for one in holders:
        assert (found[one]["roles"], found[one]["role_ids"]) == (["User", "Read-only"], {"Read-only": role["id"].lower()})


async def test_what_cannot_be_asked_is_refused_before_anything_is_sent(here: World) -> None:
    """Each mistake is named."""
    async with here.connector() as api:
        credential_id = await asked(api, here)
        request = deletion(here, credential_id, here.custom()[0])
        no_operation = await api.post("/operations/sophos-users/format-disk", request, expect=404)
        no_credential = await api.post(DELETE, {**request, "credential_id": str(new_id())}, expect=404)
        no_email = await api.post(DELETE, {**request, "arguments": {"source_id": "x"}}, expect=422)
        no_variable = await api.post(DELETE, {**request, "inputs": {"tenant_id": {"variable": "Nobody"}}}, expect=422)

    assert (no_operation["code"], no_credential["code"]) == ("operation_not_found", "credential_not_found")
    assert no_email["fields"][0]["field"] == "arguments.expected_email"
    assert no_variable["fields"][0]["field"] == "inputs.tenant_id"
    assert here.tenant.counts.total() == 0


async def test_an_operation_with_a_wrong_secret_is_refused_in_plain_words(here: World) -> None:
    """And it may be asked again with the same key: nothing was sent."""
    async with here.connector() as api:
        credential_id = await store_access(api, here.tenant, here.simulator.url, secret="not-the-secret")
        out = await api.post(DELETE, deletion(here, credential_id, here.custom()[0]))

    assert (out["outcome"], out["code"], deletes(here)) == ("refused", "sophos_wrong_secret", 0)
