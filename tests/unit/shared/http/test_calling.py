"""How services know and call each other: their tokens, and errors that stay what they were."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from fastapi import FastAPI, Request
from pydantic import SecretStr

from shared.api.base import Out
from shared.clock import now
from shared.errors import AppError, Conflict, Forbidden, Invalid, NotFound, Throttled, Unauthenticated, Upstream, UpstreamRefused
from shared.http.app import create_app
from shared.http.client import ServiceClient
from shared.http.service_tokens import Caller, ServiceTokens, caller_of

KEY = SecretStr("a key of at least thirty-two characters")
OTHER_KEY = SecretStr("another key of thirty-two characters.")
MAPPER = ServiceTokens(KEY, "mapper")
GATEWAY = ServiceTokens(KEY, "api-gateway")


class Client(ServiceClient):
    """Calls the mapper."""

    audience = "mapper"


def claims(**changes: Any) -> dict[str, Any]:
    """Return a good token's claims, changed; None takes one out."""
    good = {"iss": "api-gateway", "aud": "mapper", "sub": "ada", "iat": now(), "exp": now() + timedelta(minutes=2)}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def test_a_service_token_names_who_asks_and_for_whom() -> None:
    """Records carry the account's name, whichever service changes them."""
    assert MAPPER.check(GATEWAY.sign("mapper", "Ada Lovelace")) == Caller("api-gateway", "Ada Lovelace")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(GATEWAY.sign("connector", "ada"), id="for another service"),
        pytest.param(ServiceTokens(OTHER_KEY, "api-gateway").sign("mapper", "ada"), id="signed with another key"),
        pytest.param(jwt.encode(claims(exp=now() - timedelta(minutes=1)), KEY.get_secret_value(), "HS256"), id="expired"),
        pytest.param(jwt.encode(claims(exp=None), KEY.get_secret_value(), "HS256"), id="for ever"),
        pytest.param(jwt.encode(claims(sub=None), KEY.get_secret_value(), "HS256"), id="for nobody"),
        pytest.param(jwt.encode(claims(), "", "none"), id="not signed"),
        pytest.param("nonsense", id="not a token"),
    ],
)
def test_a_token_that_is_not_good_is_refused(token: str) -> None:
    """Whoever reaches an internal port must not get in, nor pass one service's token on to another."""
    with pytest.raises(Unauthenticated) as caught:
        MAPPER.check(token)
    assert "ROLLCALL_SERVICE_KEY" in (caught.value.remedy or "")
    assert token not in str(caught.value)


def test_the_key_is_not_shown() -> None:
    """Objects land in logs."""
    assert KEY.get_secret_value() not in repr(MAPPER)


def mapper_app(error: AppError | None = None) -> FastAPI:
    """Return a service that fails with `error`, or tells who called."""
    app = create_app(service="mapper", title="Mapper", checks={}, metrics_token=None)

    @app.get("/internal/who")
    async def who(request: Request) -> dict[str, str]:
        caller = await caller_of(MAPPER)(request)
        if error is not None:
            raise error
        return {"service": caller.service, "actor": caller.actor}

    return app


async def asked(app: FastAPI, tokens: ServiceTokens = GATEWAY) -> Any:
    """Return what a client gets."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://mapper") as http:
        return await Client(http, tokens).call("GET", "/internal/who", actor="ada")


async def test_a_client_calls_in_the_name_of_an_account() -> None:
    """The other service writes it down."""
    assert await asked(mapper_app()) == {"service": "api-gateway", "actor": "ada"}


@pytest.mark.parametrize("kind", [NotFound, Conflict, Invalid, Forbidden, Upstream, UpstreamRefused, Throttled])
async def test_an_error_arrives_as_what_it_was(kind: Callable[..., AppError]) -> None:
    """What to do about it is decided by its kind and its code, also two services away."""
    field = {"field": "name", "message": "is taken", "remedy": "Choose another."}
    with pytest.raises(AppError) as caught:
        await asked(mapper_app(kind("what", remedy="do", code="special", fields=[field], existing=[1])))
    error = caught.value
    assert type(error) is kind
    assert error.retryable == kind("").retryable
    assert (error.message, error.remedy, error.code, error.fields, error.details["existing"]) == ("what", "do", "special", [field], [1])


async def test_how_long_to_wait_arrives_too() -> None:
    """Otherwise the caller's caller would ask again at once."""
    with pytest.raises(Throttled) as caught:
        await asked(mapper_app(Throttled("slow", retry_after=9)))
    assert caught.value.retry_after == 9


async def test_services_with_different_keys_do_not_hear_each_other() -> None:
    """The one thing that a wrong key must not look like is an empty answer."""
    with pytest.raises(Unauthenticated):
        await asked(mapper_app(), ServiceTokens(OTHER_KEY, "api-gateway"))


async def test_a_service_that_does_not_answer_is_another_system_that_failed() -> None:
    """It is worth another attempt, and the remedy says where to look."""

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(away), base_url="http://mapper") as http:
        with pytest.raises(Upstream, match="mapper does not answer") as caught:
            await Client(http, GATEWAY).call("GET", "/", actor="ada")
    assert (caught.value.code, caught.value.retryable) == ("service_unreachable", True)


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"no": "code"}', b""])
async def test_an_answer_that_is_no_problem_is_upstream_s_failure(content: bytes) -> None:
    """A proxy in between answers in HTML."""
    transport = httpx.MockTransport(lambda _: httpx.Response(404, content=content))
    async with httpx.AsyncClient(transport=transport, base_url="http://mapper") as http:
        with pytest.raises(Upstream, match="mapper answered 404"):
            await Client(http, GATEWAY).call("GET", "/", actor="ada")


class Shape(Out):
    """What the mapper should answer."""

    id: int
    name: str


async def shaped(content: bytes) -> Shape:
    """Return what a client makes of an answer."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    async with httpx.AsyncClient(transport=transport, base_url="http://mapper") as http:
        return await Client(http, GATEWAY).ask(Shape, "GET", "/", actor="ada")


async def test_an_answer_is_read_as_what_it_should_be() -> None:
    """A service of a newer version may add fields."""
    assert await shaped(b'{"id": 1, "name": "a", "newer": true}') == Shape(id=1, name="a")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"<html>s3cret", "not JSON"),
        (b'{"id": "s3cret", "name": "a"}', " id$"),
        (b'{"id": 1}', " name$"),
        (b'["s3cret"]', "whole"),
        (b"", "whole"),
    ],
)
async def test_an_answer_that_is_something_else_is_named_and_not_repeated(content: bytes, where: str) -> None:
    """Two versions at once, or something else at the address: whoever reads the error must see which, and nobody's data."""
    with pytest.raises(UpstreamRefused, match=where) as caught:
        await shaped(content)
    assert (caught.value.code, caught.value.retryable) == ("answer_not_understood", False)
    assert "mapper" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
