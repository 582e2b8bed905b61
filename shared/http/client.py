"""The base of typed clients: service token, correlation id, time-out, and problem details turned back into errors."""

from collections.abc import AsyncIterator
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.errors import AppError, Conflict, Forbidden, Invalid, NotFound, Throttled, Unauthenticated, Upstream, UpstreamRefused
from shared.http.service_tokens import ServiceTokens
from shared.ids import new_id
from shared.observability.correlation import current_correlation

T = TypeVar("T")

BY_STATUS: dict[int, type[AppError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    503: Throttled,
}


class ProblemClient:
    """Calls an API whose errors are problem details, and raises them as the errors they were. `audience`: what answers, for people."""

    audience: str

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(
        self,
        method: str,
        path: str,
        *,
        bearer: str,
        body: BaseModel | dict[str, Any] | list[Any] | None = None,
        content: AsyncIterator[bytes] | None = None,
        params: dict[str, Any] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - handed to httpx, which distinguishes connecting from reading
    ) -> Any:
        """Return the answer's JSON (None for 204). Raises the `AppError` that was raised there, or `Upstream`.

        `content` is sent in place of a `body`, as it comes. Whatever it raises ends the request and is raised on.
        """
        sent: dict[str, Any] = {"json": body.model_dump(mode="json") if isinstance(body, BaseModel) else body}
        if content is not None:
            sent = {"content": content}
        try:
            response = await self._http.request(
                method,
                path,
                **sent,
                params={name: value for name, value in (params or {}).items() if value is not None},
                headers={"Authorization": f"Bearer {bearer}", "X-Request-ID": str(current_correlation() or new_id())},
                timeout=timeout if timeout is not None else httpx.USE_CLIENT_DEFAULT,
            )
        except httpx.HTTPError as error:
            raise Upstream(
                f"the {self.audience} does not answer", remedy=f"Look at the {self.audience}'s /health/ready.", code="service_unreachable"
            ) from error
        if not response.is_success:
            raise _error(self.audience, response)
        try:
            return response.json() if response.content else None
        except ValueError:
            raise not_understood(self.audience, "is not JSON") from None

    def understood(self, kind: type[T], answer: Any) -> T:
        """Return an answer as `kind`. Raises `UpstreamRefused` when it is something else."""
        try:
            return TypeAdapter(kind).validate_python(answer)
        except ValidationError as error:
            # Only where it is wrong: what stands there may be anybody's data.
            places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False, include_url=False)})
            raise not_understood(self.audience, f"does not fit in {', '.join(places[:5]) or 'its whole'}") from None


class ServiceClient(ProblemClient):
    """Calls one other service. Subclasses add a method per call; nothing of the domain is decided here."""

    def __init__(self, http: httpx.AsyncClient, tokens: ServiceTokens) -> None:
        super().__init__(http)
        self._tokens = tokens

    async def call(self, method: str, path: str, *, actor: str, **more: Any) -> Any:
        """Return the answer's JSON (None for 204), asked in the name of `actor`. Raises as `send` does."""
        return await self.send(method, path, bearer=self._tokens.sign(self.audience, actor), **more)

    async def ask(self, kind: type[T], method: str, path: str, **more: Any) -> T:
        """Return the answer as `kind`. Raises as `call` does, and `UpstreamRefused` when the answer is something else."""
        return self.understood(kind, await self.call(method, path, **more))

    async def get(self, kind: type[T], path: str, /, *, actor: str, **params: Any) -> T:
        """Return the answer to a GET as `kind`."""
        return await self.ask(kind, "GET", path, actor=actor, params=params)

    async def check(self) -> None:
        """Raise when the other service is not alive."""
        response = await self._http.get("/health/live")
        response.raise_for_status()


def not_understood(audience: str, why: str) -> UpstreamRefused:
    """Return the error for an answer that makes no sense."""
    remedy = f"Run all services in the same version, and let nothing but the {audience} answer at its address."
    return UpstreamRefused(f"the {audience} answered what we do not understand: it {why}", code="answer_not_understood", remedy=remedy)


def _error(audience: str, response: httpx.Response) -> AppError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict) or "code" not in problem:
        return Upstream(f"the {audience} answered {response.status_code}", remedy=f"Look at the {audience}'s log.")
    kind = BY_STATUS.get(response.status_code, Upstream if problem.get("retryable") else UpstreamRefused)
    known = {"type", "title", "status", "detail", "code", "remedy", "fields", "retryable", "correlation_id"}
    error = kind(
        problem.get("detail", ""),
        remedy=problem.get("remedy"),
        code=problem["code"],
        fields=problem.get("fields", ()),
        **{name: value for name, value in problem.items() if name not in known},
    )
    if isinstance(error, Throttled):
        error.retry_after = _seconds(response.headers.get("Retry-After"))
    return error


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after is not None and retry_after.isdigit() else None
