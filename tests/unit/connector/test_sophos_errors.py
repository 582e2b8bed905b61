"""What Sophos' refusals become: typed, in plain words, with its own code and correlation id, and never with a secret."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connector.settings import ConnectorSettings
from connector.sources.base import Access, Input, Surroundings
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.source import sophos_users
from connector.sources.sophos.tenants import chosen_tenants
from shared.clock import now
from shared.errors import AppError, Throttled
from shared.ids import new_id
from tests.support.connector import connector_settings

SECRET = "canary-secret-of-the-unit-tests"
TENANT = "11111111-1111-4111-8111-111111111111"
REGION = "https://api-eu02.central.sophos.com"
WHOAMI: dict[str, Any] = {"id": TENANT, "idType": "tenant", "apiHosts": {"global": "http://x/", "dataRegion": REGION}}
Answering = Callable[[httpx.Request], httpx.Response]


def settings(**changes: Any) -> ConnectorSettings:
    """Return settings that try twice."""
    return connector_settings(SecretStr("sqlite:///x.db"), retry_attempts=2, **changes)


def sophos(api: Answering, *, token: httpx.Response | None = None, whoami: dict[str, Any] | None = None) -> Answering:
    """Return a Sophos that signs in and knows who asks; `api` answers the rest."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return token or httpx.Response(200, json={"access_token": "a-token-of-the-tests", "errorCode": "success", "expires_in": 3600})
        if request.url.path == "/whoami/v1":
            return httpx.Response(200, json=whoami or WHOAMI)
        assert request.headers["X-Tenant-ID"] == TENANT
        return api(request)

    return answer


def account(answering: Answering, *inputs: Input, **changes: Any) -> Account:
    """Return an account that speaks to `answering`."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answering))
    access = Access(
        new_id(), "Sophos API", "oauth2_client_credentials", {"client_id": "client"}, {"client_secret": SecretStr(SECRET)}, inputs
    )
    return Account(central(http, **changes), access)


def central(http: httpx.AsyncClient, **changes: Any) -> SophosCentral:
    """Return Sophos Central over a client of these tests, without limits."""
    return SophosCentral.configured(Surroundings(settings(**changes), http, Unlimited(), http))


class Unlimited:
    """Lets everybody ask at once."""

    async def permit(self, scope: str, per_minute: int | None = None) -> None:
        """Let them."""

    async def throttled(self, scope: str, retry_after: float | None, per_minute: int | None = None) -> None:
        """Take it as it comes."""


async def place(answering: Answering, *inputs: Input, **changes: Any) -> InTenant:
    """Return the tenant of an account that speaks to `answering`."""
    return (await chosen_tenants(account(answering, *inputs, **changes))).tenants[0]


async def error_of(answering: Answering, *inputs: Input, **changes: Any) -> AppError:
    """Return the error that reading users ends in."""
    with pytest.raises(AppError) as raised:
        await (await place(answering, *inputs, **changes)).get("/common/v1/directory/users")
    error = raised.value
    assert error.remedy
    assert SECRET not in f"{error} {error.remedy} {error.details} {error.__cause__!r}"
    return error


def refusal(status: int, code: str) -> httpx.Response:
    """Return a refusal of the sign-in host."""
    return httpx.Response(status, json={"errorCode": code, "message": "Unauthorized", "trackingId": "track-1"})


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (401, "oauth.invalid_client_secret", "sophos_wrong_secret"),
        (401, "oauth.client_app_does_not_exist", "sophos_unknown_client"),
        (401, "oauth.client_disabled", "sophos_client_disabled"),
        (400, "customer.validation", "sophos_malformed_credential"),
        (401, "oauth.something_new", "sophos_sign_in_refused"),
        (503, "busy", "source_failed"),
        (429, "busy", "source_throttled"),
    ],
)
async def test_a_refused_sign_in_says_why(status: int, told: str, code: str) -> None:
    """The credential is what has to be mended, and how depends on the code."""
    error = await error_of(sophos(lambda _: httpx.Response(200), token=refusal(status, told)))

    assert error.code == code
    assert (error.details["source_code"], error.details["source_correlation_id"]) == (told, "track-1")


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (httpx.Response(401, json={"error": "Unauthorized", "correlationId": "c-1"}), "sophos_token_refused", False),
        (httpx.Response(403, json={"error": "forbidden", "correlationId": "c-1"}), "sophos_access_refused", False),
        (httpx.Response(400, json={"error": "badRequest", "correlationId": "c-1"}), "sophos_bad_request", False),
        (httpx.Response(304, headers={"content-type": "application/json"}, text='{"requestId": "c-1"}'), "sophos_not_modified", False),
        (httpx.Response(405, json={"error": "methodNotAllowed", "correlationId": "c-1"}), "sophos_method_refused", False),
        (httpx.Response(409, json={"error": "conflict", "correlationId": "c-1"}), "sophos_conflict", False),
        (httpx.Response(413, json={"error": "payloadTooLarge", "correlationId": "c-1"}), "sophos_request_too_large", False),
        (httpx.Response(414, json={"error": "uriTooLong", "correlationId": "c-1"}), "sophos_address_too_long", False),
        (httpx.Response(422, json={"error": "unprocessable", "correlationId": "c-1"}), "sophos_unprocessable", False),
        (httpx.Response(451, json={"error": "unavailableForLegalReasons", "correlationId": "c-1"}), "sophos_legally_blocked", False),
        (httpx.Response(418, json={"error": "teapot", "correlationId": "c-1"}), "sophos_unexpected_answer", False),
        (httpx.Response(403, json={"message": "Access is denied", "correlationId": "c-1"}), "sophos_access_refused", False),
        (
            httpx.Response(403, json={"error": "Forbidden", "message": "No Partner Assistance", "correlationId": "c-1"}),
            "sophos_no_partner_assistance",
            False,
        ),
        (httpx.Response(403, json={"error": "forbidden", "message": "Trial expired", "requestId": "c-1"}), "sophos_trial_tenant", False),
        (
            httpx.Response(
                403,
                text="""{
    "error": "forbidden",
    "correlationId": "c-1",
    "requestId": "a94b",
    "createdAt": "2026-01-20T08:15:00.120Z",
    "message": "Forbidden"
}""",
                headers={"content-type": "application/json"},
            ),
            "sophos_access_refused",
            False,
        ),
        (httpx.Response(502, json={"error": "badGateway", "correlationId": "c-1"}), "source_failed", True),
        (httpx.Response(500, json={"error": "x", "requestId": "c-1"}), "source_failed", True),
        (httpx.Response(503, text="<html>busy</html>"), "source_failed", True),
        (httpx.Response(429, json={"error": "tooManyRequests", "correlationId": "c-1"}), "source_throttled", True),
        (httpx.Response(302, headers={"Location": "https://evil.example/"}), "source_redirected", False),
        (httpx.Response(200, text="<html>sign in</html>", headers={"content-type": "text/html"}), "source_not_json", False),
        (httpx.Response(200, json=[]), "source_not_json", False),
        (httpx.Response(200, text='{"items": [NaN'), "source_not_json", False),
    ],
)
async def test_an_answer_that_cannot_be_used_says_why(answer: httpx.Response, code: str, retryable: bool) -> None:
    """What passes by itself and what does not are told apart."""
    error = await error_of(sophos(lambda _: answer))

    assert (error.code, error.retryable) == (code, retryable)
    if answer.headers.get("content-type") == "application/json" and code != "source_not_json":
        assert error.details["source_correlation_id"] == "c-1"


async def test_an_answer_without_end_is_cut_off() -> None:
    """A page may not fill the memory."""
    error = await error_of(sophos(lambda _: httpx.Response(200, content=b" " * 5000)), largest_answer=4096)
    assert error.code == "source_answer_too_large"


async def test_a_source_that_repeats_the_secret_is_not_quoted() -> None:
    """Whatever a proxy or an error page echoes is blotted out."""
    echo = httpx.Response(403, json={"error": "forbidden", "message": f"{SECRET} and a-token-of-the-tests are not welcome"})
    error = await error_of(sophos(lambda _: echo))
    assert "a-token-of-the-tests" not in str(error)
    assert "********" in str(error)


async def test_no_answer_at_all_names_the_host() -> None:
    """And not the query, nor anything that was sent."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    error = await error_of(sophos(refuse))
    assert (error.code, error.retryable) == ("source_unreachable", True)
    assert REGION in str(error)


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_pause_that_is_too_long_is_passed_on(form: str) -> None:
    """Whoever asked decides whether to wait that long."""
    told = "900" if form == "seconds" else format_datetime(now() + timedelta(seconds=900), usegmt=True)
    error = await error_of(sophos(lambda _: httpx.Response(429, headers={"Retry-After": told}, json={"error": "x"})))
    assert isinstance(error, Throttled)
    assert error.retry_after is not None
    assert 890 < error.retry_after <= 900


async def test_a_refused_token_is_replaced_once() -> None:
    """An expired token is not an error; one that is refused when fresh is."""
    seen: list[str] = []

    def api(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(401 if len(seen) == 1 else 200, json={"error": "Unauthorized"})

    there = await place(sophos(api))
    assert (await there.get("/common/v1/directory/users")).ok
    assert there.account.requests == 5, "sign-in, whoami, 401, sign-in, answer"


@pytest.mark.parametrize(
    ("whoami", "code"),
    [
        ({"id": TENANT, "idType": "galaxy", "apiHosts": {"global": REGION}}, "sophos_unknown_kind_of_credential"),
        ({"id": TENANT, "idType": "tenant", "apiHosts": {"global": REGION}}, "sophos_malformed_answer"),
        ({"id": TENANT, "idType": "tenant", "apiHosts": {"dataRegion": "https://evil.example"}}, "source_host_refused"),
        ({"idType": "tenant"}, "sophos_malformed_answer"),
    ],
)
async def test_a_tenant_that_cannot_be_used_is_named(whoami: dict[str, Any], code: str) -> None:
    """Nothing is asked of a host that does not belong to Sophos."""

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    assert (await error_of(sophos(never, whoami=whoami))).code == code


async def test_inputs_are_compared_as_people_write_them() -> None:
    """Case and a slash at the end make no difference; another tenant does, and names the variable."""
    agreeing = (Input("tenant_id", TENANT.upper(), "Sophos.Tenant ID"), Input("data_region", f"{REGION}/"))
    assert (await place(sophos(lambda _: httpx.Response(200, json={})), *agreeing)).tenant.id == TENANT

    wrong = Input("data_region", "https://api-us01.central.sophos.com", "Sophos.Data Region")
    error = await error_of(sophos(lambda _: httpx.Response(200, json={})), wrong)
    assert error.code == "sophos_inputs_disagree"
    assert "'Sophos.Data Region'" in str(error)
    assert REGION in str(error)
    assert [field["field"] for field in error.fields] == ["data_region"]


async def test_an_access_does_not_show_its_secret() -> None:
    """Whatever holds it may end in a log line."""
    signed_in = account(sophos(lambda _: httpx.Response(200, json={})))
    assert SECRET not in repr(signed_in.access)
    http = httpx.AsyncClient(transport=httpx.MockTransport(sophos(lambda _: httpx.Response(200, json={"items": []}))))
    tested = await sophos_users(central(http)).test(signed_in.access)
    assert tested.ok
    assert SECRET not in tested.model_dump_json()
