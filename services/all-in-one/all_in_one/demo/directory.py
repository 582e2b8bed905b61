"""The simulated directory, as the story's other witness: what is really there, and how to change it."""

from typing import Any

import httpx

from shared.errors import AppError


class SimulatorFailed(AppError):
    """The simulator's control API did not do what it was asked."""

    code = "simulator_failed"


class Directory:
    """One tenant of the simulator, through its control API."""

    def __init__(self, http: httpx.AsyncClient, tenant: dict[str, Any]) -> None:
        self._http = http
        self.tenant_id: str = tenant["tenant_id"]
        self.client_id: str = tenant["client_id"]
        self.client_secret: str = tenant["client_secret"]
        self.data_region: str = tenant["data_region"]

    @classmethod
    async def create(cls, http: httpx.AsyncClient, *, seed: int, users: int, awkward: bool, email_domain: str) -> "Directory":
        """Make a tenant of its own for this play."""
        body = {"seed": seed, "users": users, "awkward": awkward, "email_domain": email_domain}
        return cls(http, await _call(http, "POST", "/_control/tenants", body))

    async def users(self) -> list[dict[str, Any]]:
        """Return everybody who is there: id, e-mail, source type."""
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = await _call(self._http, "GET", f"/_control/tenants/{self.tenant_id}/users?page={page}&pageSize=1000")
            found.extend(answer["items"])
            if len(answer["items"]) < 1000:  # noqa: PLR2004 - a page that is not full is the last
                return found
            page += 1

    async def change(self, *, change: int, join: int, leave: int) -> dict[str, Any]:
        """Let people change, join and leave; return who."""
        body = {"change": change, "join": join, "leave": leave}
        answer: dict[str, Any] = await _call(self._http, "POST", f"/_control/tenants/{self.tenant_id}/changes", body)
        return answer


async def _call(http: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    try:
        response = await http.request(method, path, json=body)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise SimulatorFailed(
            f"{method} {path.partition('?')[0]} failed: {type(error).__name__}", remedy="Check --simulator and its control token."
        ) from error
    return response.json()
