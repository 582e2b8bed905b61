"""What every service's app does around a request: problems, size, correlation, health, metrics."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field, SecretStr, field_validator
from starlette.responses import StreamingResponse
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from shared.errors import Conflict, Throttled
from shared.http.app import LARGEST_BODY, create_app
from shared.http.problems import install
from shared.observability.correlation import current_correlation

METRICS_TOKEN = SecretStr("only for the one who watches")
SECRET = "s3cret-that-must-not-come-back"
KNOWN = "0190b7a4-0000-7000-8000-000000000001"


class Cat(BaseModel):
    """One kind of thing."""

    kind: Literal["cat"]


class Dog(BaseModel):
    """Another kind of thing."""

    kind: Literal["dog"]


class Given(BaseModel):
    """A body with a field of each kind that can be wrong."""

    id: UUID
    number: int = Field(le=5)
    word: str = Field(pattern="^[a-z]{3}$")
    choice: Literal["one", "two"]
    animal: Annotated[Cat | Dog, Field(discriminator="kind")]


class Even(BaseModel):
    """A body with checks of our own."""

    number: int
    other: int = 0

    @field_validator("number")
    @classmethod
    def _even(cls, number: int) -> int:
        if number % 2:
            raise ValueError("give an even number")
        return number

    @field_validator("other")
    @classmethod
    def _small(cls, other: int) -> int:
        if other > 5:
            raise AssertionError("give less than five")
        return other


class Either(BaseModel):
    """A body with a field of several forms, each of which has its say when none fits."""

    by: UUID | Literal["hand"]


async def unwell() -> None:
    """Fail with words that nobody outside should read."""
    raise ConnectionError(f"password={SECRET}")


async def well() -> None:
    """Be there."""


async def silent() -> None:
    """Never answer."""
    await asyncio.sleep(60)


async def half() -> AsyncIterator[bytes]:
    """Give half of an answer."""
    yield b"half"
    raise RuntimeError("in the middle")


def app_for_tests() -> FastAPI:
    """Return an app with a route for each way to fail."""
    app = create_app(service="tests", title="Tests", checks={"database": unwell, "bus": well}, metrics_token=METRICS_TOKEN)

    @app.post("/given")
    async def given(body: Given) -> str:
        return body.word

    @app.post("/even")
    async def even(body: Even) -> int:
        return body.number

    @app.post("/either")
    async def either(body: Either) -> str:
        return str(body.by)

    @app.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.get("/conflict")
    async def conflict() -> None:
        raise Conflict("taken", remedy="Choose another.", fields=[{"field": "name", "message": "is taken"}], existing=["one"])

    @app.get("/throttled")
    async def throttled() -> None:
        raise Throttled("slow down", retry_after=0.2)

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError(SECRET)

    @app.get("/breaks-off")
    async def breaks_off() -> StreamingResponse:
        return StreamingResponse(half())

    @app.get("/correlation")
    async def correlation() -> str:
        return str(current_correlation())

    return app


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the app."""
    transport = httpx.ASGITransport(app_for_tests())
    async with httpx.AsyncClient(transport=transport, base_url="http://tests") as client:
        yield client


@pytest.mark.parametrize("field", ["id", "number", "word", "choice", "animal"])
async def test_a_field_that_cannot_be_read_is_named_and_not_repeated(http: httpx.AsyncClient, field: str) -> None:
    """What was typed into the wrong field may be a password."""
    good: dict[str, Any] = {"id": KNOWN, "number": 1, "word": "abc", "choice": "one", "animal": {"kind": "cat"}}
    response = await http.post("/given", json={**good, field: {"kind": SECRET} if field == "animal" else SECRET})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [problem["field"] for problem in response.json()["fields"]] == [field]
    said = response.text.replace(response.json()["correlation_id"], "")
    assert not any(SECRET[start : start + 4] in said for start in range(len(SECRET) - 3))


async def test_a_field_of_several_forms_is_named_once(http: httpx.AsyncClient) -> None:
    """The sentence names fields; what each form wanted stands with the field."""
    problem = (await http.post("/either", json={"by": "nobody"})).json()
    assert problem["detail"] == "these fields cannot be read: by"
    assert [one["field"] for one in problem["fields"]] == ["by", "by"]


@pytest.mark.parametrize("content", [f'{{"word": "{SECRET}"'.encode(), f'"{SECRET}"'.encode(), b"\xff", b""])
async def test_a_body_that_is_not_json_is_not_repeated(http: httpx.AsyncClient, content: bytes) -> None:
    """A body that was cut off is no reason to show it."""
    response = await http.post("/given", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    assert response.json()["code"]
    assert SECRET not in response.text


async def test_an_error_of_ours_says_all_that_it_knows(http: httpx.AsyncClient) -> None:
    """Programs read the code, people the remedy, support the correlation id."""
    response = await http.get("/conflict", headers={"X-Request-ID": KNOWN})
    assert response.json() == {
        "type": "urn:rollcall:problem:conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "taken",
        "code": "conflict",
        "remedy": "Choose another.",
        "fields": [{"field": "name", "message": "is taken"}],
        "existing": ["one"],
        "correlation_id": KNOWN,
    }


async def test_whoever_is_throttled_learns_for_how_long(http: httpx.AsyncClient) -> None:
    """A client that retries at once makes it worse."""
    response = await http.get("/throttled")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


async def test_a_crash_says_nothing_about_its_cause(http: httpx.AsyncClient) -> None:
    """The words of an unexpected error may hold anything."""
    response = await http.get("/crash")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert SECRET not in response.text


async def test_a_crash_can_be_found_by_its_correlation_id(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """The remedy says to report it: so it must be in the answer, and the log line must stand under it."""
    with capture_logs(processors=[merge_contextvars]) as logged:
        response = await http.get("/crash", headers={"X-Request-ID": KNOWN})
    assert response.headers["x-request-id"] == response.json()["correlation_id"] == KNOWN
    (line,) = [line for line in logged if line["event"] == "request_crashed"]
    assert (line["correlation_id"], line["method"]) == (KNOWN, "GET")
    assert not caplog.records


async def test_an_answer_that_breaks_off_is_not_followed_by_another(http: httpx.AsyncClient) -> None:
    """Half an answer with an error behind it would be read as whole."""
    with pytest.raises(RuntimeError, match="in the middle"):
        await http.get("/breaks-off")


async def test_a_caller_who_goes_away_is_no_crash() -> None:
    """People close their browsers: nobody is to be woken up for it."""
    scope = {"type": "http", "method": "POST", "path": "/size", "headers": [], "query_string": b"", "http_version": "1.1"}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    with capture_logs() as logged:
        await app_for_tests()(scope, receive, send)
    assert sent == []
    assert logged == []


async def test_a_path_with_a_slash_behind_it_is_not_there(http: httpx.AsyncClient) -> None:
    """A redirect would be an answer without a token, to an address that the caller chose."""
    response = await http.get("/conflict/", headers={"Host": "evil.example"})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert "location" not in response.headers


async def test_whether_another_attempt_may_help_is_said(http: httpx.AsyncClient) -> None:
    """A program must not try for ever what will be refused for ever."""
    assert (await http.get("/throttled")).json()["retryable"] is True
    assert "retryable" not in (await http.get("/conflict")).json()


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/nowhere", "not_found"), ("GET", "/given", "method_not_allowed")])
async def test_what_is_not_there_is_a_problem_too(http: httpx.AsyncClient, method: str, path: str, code: str) -> None:
    """Every error has one shape."""
    response = await http.request(method, path)
    assert response.json()["code"] == code
    assert response.json()["remedy"]
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(http: httpx.AsyncClient) -> None:
    """Its sender declares the length: nothing of it is taken."""
    pieces = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal pieces
        pieces += 1
        yield b"x"

    response = await http.post("/size", content=body(), headers={"Content-Length": str(LARGEST_BODY + 1)})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert response.headers["x-request-id"]


async def test_a_body_that_grows_too_large_is_cut_off(http: httpx.AsyncClient) -> None:
    """Its sender declares no length: it must not fill the memory, and learns why it was stopped."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield bytes(1024 * 1024)

    for path in ("/size", "/given"):
        response = await http.post(path, content=body(), headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (413, "too_large"), path
    assert (await http.post("/size", content=bytes(LARGEST_BODY))).json() == LARGEST_BODY


async def test_a_correlation_id_is_taken_over_or_made(http: httpx.AsyncClient) -> None:
    """It joins the logs of all services; what is not a UUID would be somebody's text in every log line."""
    taken = await http.get("/correlation", headers={"X-Request-ID": KNOWN})
    assert taken.json() == KNOWN == taken.headers["x-request-id"]
    made = await http.get("/correlation", headers={"X-Request-ID": "no-uuid\t{}"})
    assert UUID(made.json()) == UUID(made.headers["x-request-id"]) != UUID(KNOWN)
    assert current_correlation() is None


async def test_readiness_names_each_dependency_and_not_its_words(http: httpx.AsyncClient) -> None:
    """Whoever is called at night must see at once what is down; an error's words may hold a password."""
    response = await http.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {
        "service": "tests",
        "state": "not_ready",
        "dependencies": {"database": {"state": "down", "error": "ConnectionError"}, "bus": {"state": "up", "error": None}},
    }
    assert (await http.get("/health/live")).status_code == 200


async def test_a_dependency_that_does_not_answer_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that hangs would be worse than the failure."""
    monkeypatch.setattr("shared.http.health.CHECK_SECONDS", 0.05)
    app = create_app(service="tests", title="Tests", checks={"bus": silent}, metrics_token=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tests") as client:
        response = await client.get("/health/ready")
    assert response.json()["dependencies"]["bus"] == {"state": "down", "error": "TimeoutError"}


@pytest.mark.parametrize(
    ("token", "shown", "status"),
    [(None, None, 403), (None, "anything", 403), (METRICS_TOKEN, None, 401), (METRICS_TOKEN, "wrong", 401), (METRICS_TOKEN, "", 401)],
)
async def test_metrics_are_closed_to_whoever_has_not_their_token(token: SecretStr | None, shown: str | None, status: int) -> None:
    """Figures tell who works here, and how much."""
    app = create_app(service="tests", title="Tests", checks={}, metrics_token=token)
    headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tests") as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status


async def test_metrics_name_routes_and_never_what_a_caller_invents(http: httpx.AsyncClient) -> None:
    """A path holds ids, and a method can be any word: a series for each would fill the memory."""
    await http.get("/nowhere-in-particular")
    await http.get("/conflict")
    await http.get("/crash")
    await http.request("INVENTED", "/conflict")
    figures = (await http.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN.get_secret_value()}"})).text
    assert 'route="/conflict"' in figures
    assert "nowhere-in-particular" not in figures
    assert 'route="/crash",service="tests",status="500"' in figures
    assert 'method="other"' in figures
    assert "INVENTED" not in figures


async def test_a_parameter_is_named_as_it_is_written() -> None:
    """Nobody can send `query.limit`: it is called limit, wherever it stands."""
    app = FastAPI()
    install(app)

    @app.get("/things/{thing_id}")
    async def read(thing_id: UUID, limit: int = 1) -> None:
        """Take a parameter of the path and one of the query."""

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        problem = (await client.get("/things/none", params={"limit": "many"})).json()
    assert sorted(field["field"] for field in problem["fields"]) == ["limit", "thing_id"]
    assert "query" not in problem["detail"]


async def test_a_check_of_ours_is_told_in_its_own_words(http: httpx.AsyncClient) -> None:
    """The library's way to speak, "Value error", helps nobody who fills in a form."""
    answered = await http.post("/even", json={"number": 3, "other": 7})
    assert [field["message"] for field in answered.json()["fields"]] == ["give an even number", "give less than five"]
