"""The public API of all services together, as a test calls it."""

from typing import Any

import httpx


class Api:
    """The public API of a Rollcall that runs in this process."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._token = token

    async def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **query: Any) -> httpx.Response:
        """Call the API, as the admin unless another token is given."""
        headers = {"Authorization": f"Bearer {token or self._token}"}
        return await self._http.request(method, f"/api/v1{path}", json=body, headers=headers, params=query)

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        """Make something; return it."""
        response = await self.call("POST", path, body)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made
