"""The public API as the story uses it: plain calls with a token, nothing that another consumer could not do."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from shared.errors import AppError


class CallFailed(AppError):
    """The API answered a call with an error that the story did not expect."""

    code = "call_failed"


class Api:
    """Calls `/api/v1` with a bearer token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, path: str, **params: Any) -> Any:
        """Return the answer to a GET."""
        return await self.call("GET", path, params=params)

    async def post(self, path: str, body: Any = None) -> Any:
        """Return the answer to a POST."""
        return await self.call("POST", path, body=body)

    async def put(self, path: str, body: Any) -> Any:
        """Return the answer to a PUT."""
        return await self.call("PUT", path, body=body)

    async def patch(self, path: str, body: Any) -> Any:
        """Return the answer to a PATCH."""
        return await self.call("PATCH", path, body=body)

    async def refused(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Return the problem with which the API refuses a call. Raises `CallFailed` when it does not refuse."""
        response = await self._http.request(method, f"/api/v1{path}", json=body)
        if response.is_success:
            raise CallFailed(f"{method} {path} was not refused", remedy="It should have been: look at the API's answer.")
        problem: dict[str, Any] = response.json()
        return problem

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: dict[str, Any] | None = None,
        content: AsyncIterator[bytes] | None = None,
    ) -> Any:
        """Return the JSON answer (None when there is none). Raises `CallFailed` with the problem's own words.

        `content` is sent in place of a body, as it comes.
        """
        sent: dict[str, Any] = {"json": body} if content is None else {"content": content}
        try:
            response = await self._http.request(method, f"/api/v1{path}", params=params, **sent)
        except httpx.HTTPError as error:
            raise CallFailed(f"{method} {path}: {type(error).__name__}", remedy="Is the gateway running at that address?") from error
        if not response.is_success:
            raise _failure(method, path, response)
        return response.json() if response.content else None

    async def every(self, path: str, *, rule: dict[str, Any] | None = None) -> AsyncIterator[dict[str, Any]]:
        """Give every item of a list, page by page."""
        cursor: str | None = None
        while True:
            params: dict[str, Any] = {"limit": 500}
            if rule is not None:
                params["filter"] = json.dumps(rule)
            if cursor is not None:
                params["cursor"] = cursor
            page = await self.get(path, **params)
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def count(self, path: str, rule: dict[str, Any]) -> int:
        """Return how many items of a list match `rule`, by the API's own count."""
        page = await self.get(path, filter=json.dumps(rule), limit=1, count="true")
        return int(page["total"])


def _failure(method: str, path: str, response: httpx.Response) -> CallFailed:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    fields = "; ".join(f"{field['field']}: {field['message']}" for field in problem.get("fields", []))
    words = problem.get("detail", "no problem details") + (f" ({fields})" if fields else "")
    return CallFailed(f"{method} {path} answered {response.status_code}: {words}", remedy=problem.get("remedy"))


def where(field: str, value: Any, operator: str = "equals") -> dict[str, Any]:
    """Return a condition of the rule language."""
    return {"field": field, "operator": operator, "value": value}


def every_one(*rules: dict[str, Any]) -> dict[str, Any]:
    """Return a rule that asks for all of `rules`."""
    return {"all": list(rules)}
