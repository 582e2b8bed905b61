"""A visitor of the simulator: signs in to a tenant of its own, calls the API, and turns the control API's knobs."""

from dataclasses import dataclass
from typing import Any

import httpx

Json = dict[str, Any]

TOKEN = "/api/v2/oauth2/token"
USERS = "/common/v1/directory/users"
GROUPS = "/common/v1/directory/user-groups"
ENDPOINTS = "/endpoint/v1/endpoints"
ALERTS = "/common/v1/alerts"
SIEM_EVENTS, SIEM_ALERTS = "/siem/v1/events", "/siem/v1/alerts"
CONTROL_TOKEN = "only the tests of the simulator know this"
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass
class Visitor:
    """One tenant, a token for it, and an HTTP client on the simulator."""

    http: httpx.AsyncClient
    tenant: Json
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What every tenant call sends."""
        return {"Authorization": f"Bearer {self.token}", "X-Tenant-ID": self.tenant["tenant_id"]}

    @property
    def form(self) -> dict[str, str]:
        """The form of a sign-in."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.tenant["client_id"],
            "client_secret": self.tenant["client_secret"],
            "scope": "token",
        }

    async def sign_in(self) -> Json:
        """Take a token and return the answer that gave it."""
        answer = await self.http.post(TOKEN, data=self.form)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        self.token = body["access_token"]
        return body

    async def ask(self, method: str, path: str, *, expect: int = 200, body: Any = None, **params: Any) -> Json:
        """Call the API; the answer must be JSON of the expected status."""
        response = await self.http.request(method, path, headers=self.headers, json=body, params=params)
        assert response.status_code == expect, (response.status_code, response.text)
        assert response.headers["content-type"] == "application/json"
        answer: Json = response.json()
        return answer

    async def users(self, **params: Any) -> list[Json]:
        """Return the users of one page."""
        items: list[Json] = (await self.ask("GET", USERS, **params))["items"]
        return items

    async def everybody(self) -> list[Json]:
        """Return all users, page by page."""
        found: list[Json] = []
        while True:
            page = await self.users(page=len(found) // 100 + 1, pageSize=100, sort="id:asc")
            found.extend(page)
            if len(page) < 100:
                return found

    async def one(self, source: str = "custom") -> Json:
        """Return a user of this source type."""
        return (await self.users(sourceType=source, pageSize=1))[0]

    async def control(self, method: str, path: str, body: Any = None, *, expect: int = 0) -> Json:
        """Call the control API about this tenant; the status must be `expect`, or any success."""
        return await control(self.http, method, f"/tenants/{self.tenant['tenant_id']}{path}", body, expect=expect)

    async def happen(self, **event: Any) -> list[Json]:
        """Let events happen on devices."""
        items: list[Json] = (await self.control("POST", "/events", event, expect=201))["items"]
        return items

    async def switch(self, **switches: Any) -> None:
        """Set switches."""
        await self.control("PATCH", "/switches", switches)

    async def fault(self, kind: str, **fault: Any) -> None:
        """Queue a fault for calls of the directory, if no other path is given."""
        await self.control("POST", "/faults", {"kind": kind, "path": "/common/", **fault})


async def control(http: httpx.AsyncClient, method: str, path: str, body: Any = None, *, expect: int = 0) -> Json:
    """Call the control API."""
    response = await http.request(method, f"/_control{path}", json=body, headers={"X-Control-Token": CONTROL_TOKEN})
    assert response.status_code == expect if expect else response.is_success, (response.status_code, response.text)
    answer: Json = response.json()
    return answer


async def visiting(http: httpx.AsyncClient, **tenant: Any) -> Visitor:
    """Return a visitor of a new tenant, signed in."""
    made = await control(http, "POST", "/tenants", {"seed": 7, "users": 120, **tenant})
    visitor = Visitor(http, made)
    await visitor.sign_in()
    return visitor


def refusal(response: httpx.Response, status: int) -> Json:
    """Return an error object after looking at what every one must have."""
    assert response.status_code == status, (response.status_code, response.text)
    assert response.headers["content-type"] == "application/json"
    body: Json = response.json()
    assert body["error"]
    assert body["correlationId"] != body["requestId"]
    return body
