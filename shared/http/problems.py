"""Errors as RFC 9457 problem details, one handler for all services."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from shared.errors import AppError, Throttled
from shared.observability.correlation import current_correlation
from shared.observability.logging import get_logger
from shared.validation import steps_in, why

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
COMPARE = "Compare the method and the path with the API's description."
KNOWN = {400: ("malformed", "Correct the request."), 404: ("not_found", COMPARE), 405: ("method_not_allowed", COMPARE)}
"""What the framework itself refuses, by status: the code, and what to do."""
QUIET = {"uuid_parsing": "Input should be a valid UUID", "url_parsing": "Input should be a valid URL"}


class FieldProblem(BaseModel):
    """One field that is wrong, why, and what to do."""

    field: str
    message: str
    remedy: str | None = None


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is stable and for programs; `detail` and `remedy` are for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    remedy: str | None = None
    fields: list[FieldProblem] = Field(default_factory=list)
    retryable: bool = Field(default=False, description="Whether the same call may succeed later. Left out when it is not so.")
    correlation_id: str | None = None


def install(app: FastAPI) -> None:
    """Answer every error of `app` with problem details."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answer(status: int, title: str, detail: str, code: str, **more: Any) -> JSONResponse:
    """Return a problem details response."""
    headers = more.pop("headers", None)
    correlation = current_correlation()
    content = {
        "type": f"urn:rollcall:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **{name: value for name, value in more.items() if value},
    }
    if correlation is not None:
        content["correlation_id"] = str(correlation)
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


async def _app_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)  # noqa: S101 - registered for AppError only
    if error.status >= 500:  # noqa: PLR2004 - a server's own error
        log.warning("request_failed", code=error.code, status=error.status, detail=error.message)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}  # noqa: PLR2004 - RFC 9110 asks for it
    if isinstance(error, Throttled) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    known = {"remedy": error.remedy, "fields": error.fields, "retryable": error.retryable}
    return answer(error.status, error.title, error.message, error.code, headers=headers, **{**error.details, **known})


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    """Name each field that cannot be read. Never repeats the input: it may be a secret."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it only
    fields = [
        {"field": "body", "message": "is not JSON"}
        if problem["type"] == "json_invalid"
        else {"field": _place(problem, error.body), "message": _why(problem)}
        for problem in error.errors()
    ]
    named = ", ".join([*dict.fromkeys(field["field"] for field in fields)][:5])
    return answer(422, "Invalid", f"these fields cannot be read: {named}", "malformed", remedy="Correct the named fields.", fields=fields)


def _place(problem: Mapping[str, Any], body: Any) -> str:
    """Return the field's name as the sender wrote it; of a parameter, where it stands is no part of its name."""
    steps = problem["loc"]
    inner = steps_in(steps[1:], body, missing=problem["type"] == "missing") if steps[0] == "body" else steps[1:] or steps
    return ".".join(str(step) for step in inner) or "body"


def _why(problem: Mapping[str, Any]) -> str:
    """Say what is wrong. Pydantic's own words repeat a piece of the input for these kinds of problems."""
    kind, expected = str(problem["type"]), problem.get("ctx", {}).get("expected_tags")
    if kind == "union_tag_invalid":
        return f"is of no known kind; known are {expected}"
    return QUIET.get(kind, why(problem))


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it only
    code, remedy = KNOWN.get(error.status_code, ("http_error", None))
    return answer(error.status_code, str(error.detail), str(error.detail), code, remedy=remedy, headers=error.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return crashed(request.method, error)


def crashed(method: str, error: Exception) -> JSONResponse:
    """Log an error that nobody expected; return an answer that says nothing about it."""
    log.error("request_crashed", method=method, exc_info=error)
    return answer(
        500,
        "Something failed",
        "the request failed for a reason of ours",
        "internal_error",
        remedy="Try again; if it stays, report the correlation id.",
    )
