"""A source without code: an API that is only described, through the same runs as any other."""

import base64
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from all_in_one.serving import serving
from tests.integration.connector.test_rates import Time
from tests.support.connector import Api, World, ended, everything_told

SECRET = "hush-hush-0123456789"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@dataclass
class Payroll:
    """An API of seven people, three a page, that lets in whoever shows the secret in one of four ways."""

    people: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {f"e/{n}": {"no": f"e/{n}", "mail": f"p{n}@x.example"} for n in range(7)}
    )
    broken: bool = False

    def app(self) -> FastAPI:
        """Return the API."""
        app = FastAPI()

        @app.post("/login")
        async def login(request: Request) -> JSONResponse:
            given = await request.json()
            return JSONResponse({"session": {"key": SECRET}} if given == {"user": "rollcall", "password": SECRET} else {}, 200)

        @app.get("/staff")
        async def staff(request: Request, start: int = 0) -> JSONResponse:
            if not _knows(request):
                return JSONResponse({"error": "who?", "you_sent": request.headers.get("authorization")}, 401)
            if self.broken:
                return JSONResponse({"staff": {}})
            rows = list(self.people.values())[start : start + 3]
            return JSONResponse({"staff": {"rows": rows}})

        @app.get("/staff/{number:path}")
        async def one(request: Request, number: str) -> JSONResponse:
            if not _knows(request):
                return JSONResponse({"error": "who?"}, 401)
            return JSONResponse(self.people[number]) if number in self.people else JSONResponse({"error": "nobody"}, 404)

        return app


def _knows(request: Request) -> bool:
    basic = "Basic " + base64.b64encode(f"rollcall:{SECRET}".encode()).decode()
    shown = {request.headers.get("authorization"), request.headers.get("x-api-key"), request.query_params.get("key")}
    return bool(shown & {basic, SECRET, f"Token {SECRET}"})


CREDENTIALS: dict[str, dict[str, Any]] = {
    "basic": {"kind": "basic", "username": "rollcall", "password": SECRET},
    "header": {"kind": "api_key", "key_name": "X-Api-Key", "value": SECRET},
    "query": {"kind": "api_key", "key_name": "key", "value": SECRET, "placement": "query"},
    "session": {
        "kind": "session",
        "body": {"user": "rollcall"},
        "secret_body": {"password": SECRET},
        "token_path": "session.key",
        "header_prefix": "Token",
    },
}


def inputs_of(url: str) -> dict[str, Any]:
    """Return what describes the API."""
    inputs = {
        "url": f"{url}/staff",
        "paging": "offset",
        "page_parameter": "start",
        "records_path": "staff.rows",
        "id_path": "no",
        "user_url": f"{url}/staff/{{id}}",
    }
    return {key: {"value": value} for key, value in inputs.items()}


@asynccontextmanager
async def answering(payroll: Payroll) -> AsyncIterator[str]:
    """Serve the API on a port of this machine."""
    async with serving(payroll.app(), host="127.0.0.1", port=0, shutdown_seconds=2) as url:
        yield url


async def described(api: Api, url: str, credential: dict[str, Any]) -> str:
    """Set an integration up for the API, launch it, and return its id."""
    integration_id = await drafted(api, url, credential)
    await api.post(f"/integrations/{integration_id}/launch")
    return integration_id


async def drafted(api: Api, url: str, credential: dict[str, Any]) -> str:
    """Set an integration up for the API; return its id."""
    login = {"url": f"{url}/login"} if credential["kind"] == "session" else {}
    stored = await api.post("/credentials", {"name": "Payroll", "provider": "rest-users", **credential, **login}, expect=201)
    made = await api.post("/integrations", {"provider": "rest-users", "name": "Payroll people"}, expect=201)
    details = {
        "user_selection": "user_only",
        "integration_user": "ann",
        "credential_id": stored["id"],
        "inputs": inputs_of(url),
    }
    await api.ask("PATCH", f"/integrations/{made['id']}", details)
    return str(made["id"])


async def run(api: Api, integration_id: str) -> dict[str, Any]:
    """Run it to its end."""
    return await ended(api, (await api.post(f"/integrations/{integration_id}/runs", expect=202))["id"])


@pytest.mark.parametrize("how", CREDENTIALS)
async def test_a_described_api_is_read_and_its_leavers_are_proven(how: str, here: World) -> None:
    """With every way of signing in that needs no other server; the secret is told to nobody else."""
    payroll = Payroll()
    async with answering(payroll) as url, here.connector(private_networks=LOOPBACK) as api:
        integration_id = await described(api, url, CREDENTIALS[how])
        first = await run(api, integration_id)
        assert (first["state"], first["fetched"], first["error"]) == ("completed", 7, None)
        del payroll.people["e/3"]
        second = await run(api, integration_id)
        assert (second["state"], second["fetched"], second["missing"]) == ("completed", 6, 1)
    assert SECRET.encode() not in everything_told(here.mapper)


async def test_what_the_api_says_is_told_without_the_secret(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """An API that repeats the header it was sent must not put it into a run's error or into the log."""
    async with answering(Payroll()) as url, here.connector(private_networks=LOOPBACK) as api:
        wrong = {"kind": "api_key", "key_name": "Authorization", "value": f"Bearer {SECRET}"}
        refused = await api.post(f"/integrations/{await drafted(api, url, wrong)}/launch", expect=502)
        assert refused["code"] == "rest_sign_in_refused"
        assert SECRET not in str(refused) + caplog.text


async def test_what_the_api_says_of_a_credential_that_is_good_no_more_is_told_without_it(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A run's error is kept, and read by people who may not see credentials."""
    async with answering(Payroll()) as url, here.connector(private_networks=LOOPBACK) as api:
        integration_id = await described(api, url, CREDENTIALS["header"])
        stored = (await api.get(f"/integrations/{integration_id}"))["credential_id"]
        await api.ask("PUT", f"/credentials/{stored}/secret", {"secrets": {"value": f"Bearer {SECRET}"}})
        failed = await run(api, integration_id)
        assert (failed["state"], failed["error"]["code"]) == ("failed", "rest_sign_in_refused")
        assert SECRET not in str(failed) + caplog.text


async def test_a_record_that_repeats_the_secret_does_not_show_it(here: World) -> None:
    """A source may say anything; a preview shows what it says to people who may not see credentials."""
    payroll = Payroll(people={"e/1": {"no": "e/1", "mail": "p1@x.test", "name": f"I know {SECRET}!"}})
    async with answering(payroll) as url, here.connector(private_networks=LOOPBACK) as api:
        shown = await api.post(f"/integrations/{await described(api, url, CREDENTIALS['header'])}/preview")
    assert shown["records"][0]["record"]["name"] == "I know ********!"


async def test_an_answer_without_the_list_fails_the_run_and_marks_nobody(here: World) -> None:
    """A list that is not where it was is a changed API, not an empty company."""
    payroll = Payroll()
    async with answering(payroll) as url, here.connector(private_networks=LOOPBACK) as api:
        integration_id = await described(api, url, CREDENTIALS["header"])
        await run(api, integration_id)
        payroll.broken = True
        failed = await run(api, integration_id)
    assert (failed["state"], failed["error"]["code"], failed["missing"]) == ("failed", "rest_unexpected_answer", 0)
    assert failed["error"]["remedy"] == "Mend the input records_path."


async def test_an_inner_address_is_not_reached(here: World) -> None:
    """Unless whoever runs Rollcall has named its network."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with here.connector() as api:
            refused = await api.post(f"/integrations/{await drafted(api, url, CREDENTIALS['header'])}/launch", expect=502)
    assert refused["code"] == "address_refused"


async def test_ids_that_do_not_tell_people_apart_are_flagged_in_the_preview(here: World) -> None:
    """An id path that leads to the department would melt everybody of it into one user: that must show before anything runs."""
    people = {f"e/{n}": {"no": "sales" if n in {0, 2} else f"e/{n}", "mail": f"p{n}@x.example"} for n in range(3)}
    async with answering(Payroll(people=people)) as url, here.connector(private_networks=LOOPBACK) as api:
        integration_id = await described(api, url, CREDENTIALS["header"])
        shown = await api.post(f"/integrations/{integration_id}/preview")
        fine = await previewed_by_mail(api, integration_id)

    assert [bool(one["problem"]) for one in shown["records"]] == [True, False, True]
    assert "'sales'" in shown["records"][0]["problem"]
    (note,) = shown["notes"]
    assert (note["code"], note["about"]) == ("duplicate_ids", "sales")
    assert "id_path" in note["remedy"]
    assert (fine["notes"], [one["problem"] for one in fine["records"]]) == ([], [None] * 3)


async def previewed_by_mail(api: Api, integration_id: str) -> dict[str, Any]:
    """Preview the same API by the path that does tell people apart."""
    one = await api.get(f"/integrations/{integration_id}")
    inputs = {**one["inputs"], "id_path": {"variable": None, "value": "mail"}}
    await api.ask("PATCH", f"/integrations/{one['id']}", {"inputs": inputs})
    return dict(await api.post(f"/integrations/{one['id']}/preview"))


async def test_a_described_api_is_asked_no_faster_than_its_settings_allow(here: World) -> None:
    """Nobody publishes this API's limits to us: whoever knows them sets them, and they hold for all that reads its host."""
    time = Time()
    here.timing = time.timing
    async with answering(Payroll()) as url, here.connector(private_networks=LOOPBACK) as api:
        integration_id = await described(api, url, CREDENTIALS["header"])
        path = f"/integrations/{integration_id}"
        unknown = await api.ask("GET", f"{path}/forecast", expect=422)
        await api.ask("PATCH", path, {"inputs": {**inputs_of(url), "requests_per_minute": {"value": "2"}}})
        done = await run(api, integration_id)
        told = await api.get(f"{path}/forecast")
        (budget,) = (await api.get("/rates"))["items"]

    assert unknown["code"] == "not_countable"
    assert (done["state"], done["requests"]) == ("completed", 4)
    assert sum(time.slept) > 55, "the third request waits until the minute of the first is over"
    assert budget["scope"] == f"rest:{url}"
    assert [(limit["name"], limit["most"]) for limit in budget["limits"]] == [("minute", 2)]
    assert (told["requests"], told["records"], told["scopes"]) == (4, 7, 1)
    assert told["minutes"] > 0.9
    assert told["hour_left_percent"] is not None


@pytest.mark.parametrize("given", ["0", "1.5", "many", "60001"])
async def test_a_limit_that_is_none_is_refused(here: World, given: str) -> None:
    """Nothing would ever be asked, or everything at once."""
    async with here.connector() as api:
        made = await api.post("/integrations", {"provider": "rest-users", "name": "Payroll people"}, expect=201)
        inputs = {"requests_per_minute": {"value": given}}
        problem = await api.ask("PATCH", f"/integrations/{made['id']}", {"inputs": inputs}, expect=422)
    assert [one["field"] for one in problem["fields"]] == ["inputs.requests_per_minute"]
