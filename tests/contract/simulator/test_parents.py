"""Partners and organizations: one credential that speaks for several tenants."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from sophos_central_simulator.server import serving
from sophos_central_simulator.settings import SimulatorSettings
from tests.contract.simulator.visitor import (
    ALERTS,
    CONTROL_TOKEN,
    NOBODY,
    SIEM_ALERTS,
    SIEM_EVENTS,
    TOKEN,
    USERS,
    Json,
    Visitor,
    control,
    refusal,
    visiting,
)

HEADERS = {"partner": "X-Partner-ID", "organization": "X-Organization-ID"}


@dataclass
class Speaker:
    """Somebody signed in with a partner's or an organization's credential."""

    http: httpx.AsyncClient
    made: Json
    token: str = ""

    @property
    def kind(self) -> str:
        """Return `partner` or `organization`."""
        return str(self.made["kind"])

    @property
    def tenants(self) -> str:
        """Return the path of the tenant list."""
        return f"/{self.kind}/v1/tenants"

    async def sign_in(self) -> None:
        """Take a token."""
        form = {name: self.made[name] for name in ("client_id", "client_secret")}
        answer = await self.http.post(TOKEN, data={"grant_type": "client_credentials", "scope": "token", **form})
        self.token = answer.json()["access_token"]

    async def get(self, path: str, headers: dict[str, str], **params: Any) -> httpx.Response:
        """Ask."""
        return await self.http.get(path, headers={"Authorization": f"Bearer {self.token}", **headers}, params=params)

    async def listed(self, **params: Any) -> Json:
        """Return a page of tenants."""
        answer = await self.get(self.tenants, {HEADERS[self.kind]: self.made["id"]}, **params)
        assert answer.status_code == 200, answer.text
        page: Json = answer.json()
        return page


async def speaking(http: httpx.AsyncClient, **given: Any) -> Speaker:
    """Return a new partner or organization, signed in."""
    speaker = Speaker(http, await control(http, "POST", "/parents", {"tenants": 4, "users": 6, "endpoints": 3, **given}))
    await speaker.sign_in()
    return speaker


@pytest.fixture(params=["partner", "organization"])
async def speaker(request: pytest.FixtureRequest, http: httpx.AsyncClient) -> Speaker:
    """Give a partner, then an organization."""
    return await speaking(http, kind=request.param)


async def test_whoami_names_no_region(speaker: Speaker) -> None:
    """Its tenants live in several."""
    told = (await speaker.get("/whoami/v1", {})).json()
    assert (told["id"], told["idType"]) == (speaker.made["id"], speaker.kind)
    assert told["apiHosts"] == {"global": str(speaker.http.base_url).rstrip("/")}


async def test_the_tenants_are_listed_by_page_number(speaker: Speaker) -> None:
    """All of them, with what a real list has and lacks."""
    whole = await speaker.listed(pageTotal="true")
    assert whole["pages"] == {"current": 1, "size": 50, "maxSize": 100, "total": 1, "items": 4}
    assert [row["id"] for row in whole["items"]] == [row["tenant_id"] for row in speaker.made["tenants"]]
    assert all({"id", "name", "dataGeography", "dataRegion", "billingType", speaker.kind} <= row.keys() for row in whole["items"])
    assert [row[speaker.kind]["id"] for row in whole["items"]] == [speaker.made["id"]] * 4
    assert {"showAs" in row for row in whole["items"]} == {True, False}
    pages = [await speaker.listed(page=number, pageSize=3) for number in (1, 2, 3)]
    assert [len(page["items"]) for page in pages] == [3, 1, 0]
    assert (await speaker.listed(fields="name"))["items"][0].keys() == {"id", "name"}


async def test_the_list_needs_the_header_of_its_own_id(speaker: Speaker) -> None:
    """401 without, 403 with somebody else's; in any case of letters."""
    header = HEADERS[speaker.kind]
    for path in (speaker.tenants, f"{speaker.tenants}/{speaker.made['tenants'][0]['tenant_id']}"):
        refusal(await speaker.get(path, {}), 401)
        refusal(await speaker.get(path, {header: NOBODY}), 403)
        assert (await speaker.get(path, {header.lower(): speaker.made["id"].upper()})).status_code == 200
    other = "organization" if speaker.kind == "partner" else "partner"
    refusal(await speaker.get(f"/{other}/v1/tenants", {HEADERS[other]: speaker.made["id"]}), 403)


async def test_one_tenant_is_read_or_is_not_there(speaker: Speaker, visitor: Visitor) -> None:
    """Also not when it is somebody else's."""
    header = {HEADERS[speaker.kind]: speaker.made["id"]}
    row = (await speaker.listed())["items"][1]
    assert (await speaker.get(f"{speaker.tenants}/{row['id']}", header)).json() == row
    for foreign in (NOBODY, visitor.tenant["tenant_id"]):
        refusal(await speaker.get(f"{speaker.tenants}/{foreign}", header), 404)


async def test_each_tenant_has_people_and_devices_of_its_own(speaker: Speaker) -> None:
    """Asked with the tenant's id alone; a tenant without apiHost answers all the same."""
    seen: set[str] = set()
    for row in (await speaker.listed())["items"][:3]:
        users = (await speaker.get(USERS, {"X-Tenant-ID": row["id"]})).json()["items"]
        devices = (await speaker.get("/endpoint/v1/endpoints", {"X-Tenant-ID": row["id"]})).json()["items"]
        assert (len(users), len(devices)) == (6, 3)
        assert {user["tenant"]["id"] for user in users} == {row["id"]}
        assert seen.isdisjoint({one["id"] for one in [*users, *devices]})
        seen |= {one["id"] for one in [*users, *devices]}


async def test_one_tenant_has_no_api_host_and_one_refuses_everything(speaker: Speaker) -> None:
    """Both stand in the list like the others; a run must go on without them."""
    rows = (await speaker.listed())["items"]
    assert ["apiHost" in row for row in rows] == [True, True, False, True]
    assert {row["apiHost"] for row in rows if "apiHost" in row} == {str(speaker.http.base_url).rstrip("/")}
    for path in (USERS, "/endpoint/v1/endpoints", f"{USERS}/{NOBODY}", ALERTS, SIEM_EVENTS, SIEM_ALERTS):
        refusal(await speaker.get(path, {"X-Tenant-ID": rows[3]["id"]}), 403)
    await control(speaker.http, "PATCH", f"/tenants/{rows[3]['id']}/switches", {"refuses_parents": False})
    assert (await speaker.get(USERS, {"X-Tenant-ID": rows[3]["id"]})).status_code == 200


async def test_a_foreign_tenant_is_403(speaker: Speaker, visitor: Visitor) -> None:
    """Whichever exists."""
    for foreign in (NOBODY, visitor.tenant["tenant_id"], speaker.made["id"]):
        refusal(await speaker.get(USERS, {"X-Tenant-ID": foreign}), 403)
    refusal(await speaker.get(USERS, {}), 401)


async def test_a_tenant_does_not_list_tenants(visitor: Visitor) -> None:
    """Its credential is not a partner's."""
    for path, header in (("/partner/v1/tenants", "X-Partner-ID"), ("/organization/v1/tenants", "X-Organization-ID")):
        refusal(await visitor.http.get(path, headers=visitor.headers), 401)
        refusal(await visitor.http.get(path, headers={**visitor.headers, header: visitor.tenant["tenant_id"]}), 403)


async def test_limits_faults_and_the_record_are_the_tenants(speaker: Speaker) -> None:
    """A partner who wears one tenant out can still ask the next; what names no tenant is the partner's own affair."""
    first, second = [row["tenant_id"] for row in speaker.made["tenants"][:2]]
    await control(speaker.http, "PATCH", f"/tenants/{first}/switches", {"requests_per_minute": 1})
    assert [(await speaker.get(USERS, {"X-Tenant-ID": first})).status_code for _ in range(2)] == [200, 429]
    assert (await speaker.get(USERS, {"X-Tenant-ID": second})).status_code == 200
    await control(speaker.http, "POST", f"/tenants/{speaker.made['id']}/faults", {"kind": "error", "status": 503})
    assert (await speaker.get(USERS, {"X-Tenant-ID": second})).status_code == 200
    refusal(await speaker.get(speaker.tenants, {HEADERS[speaker.kind]: speaker.made["id"]}), 503)
    records = {one: await control(speaker.http, "GET", f"/tenants/{one}/requests") for one in (first, second, speaker.made["id"])}
    assert [records[one]["total"] for one in (first, second)] == [2, 2]
    assert (records[speaker.made["id"]]["counts"], records[speaker.made["id"]]["sign_ins"]) == ({f"GET {speaker.tenants}": 1}, 1)


async def test_a_forgotten_tenant_leaves_the_list(speaker: Speaker) -> None:
    """And is somebody else's then."""
    gone = speaker.made["tenants"][0]["tenant_id"]
    await control(speaker.http, "DELETE", f"/tenants/{gone}")
    assert gone not in [row["id"] for row in (await speaker.listed())["items"]]
    refusal(await speaker.get(USERS, {"X-Tenant-ID": gone}), 403)


@pytest.mark.parametrize("kind", ["partner", "organization"])
async def test_the_settings_can_ask_for_a_parent(kind: Any) -> None:
    """Then there is no first tenant, but several."""
    settings = SimulatorSettings(port=0, control_token=SecretStr(CONTROL_TOKEN), users=2, credential_of=kind, tenants=3, seed=9)
    async with serving(settings) as running:
        assert running.tenant is None
        assert running.parent is not None
        assert (running.parent.kind, len(running.parent.tenants)) == (kind, 3)


async def test_two_parents_share_nothing(http: httpx.AsyncClient) -> None:
    """Even for the same seed the ids of tenants differ."""
    one, two = await speaking(http), await speaking(http)
    assert {row["tenant_id"] for row in one.made["tenants"]}.isdisjoint({row["tenant_id"] for row in two.made["tenants"]})
    visitor = await visiting(http)
    assert await visitor.users()
