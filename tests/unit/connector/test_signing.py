"""Signing requests: what a source receives with each kind of credential, and what it costs."""

import asyncio
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connector.signing.oauth import ClientCredentials
from connector.signing.signing import auth_of
from connector.signing.tls import context_of
from connector.signing.tokens import SignInRefused
from connector.sources.base import Access
from connector.sources.wire import SourceFailed, SourceThrottled, Wire
from shared.errors import AppError, Invalid
from shared.ids import new_id
from tests.support.certificates import pair

OAUTH = {"client_id": "c", "token_url": "https://shop.example/token", "scopes": "a b"}
LOGIN = {
    "method": "POST",
    "url": "https://shop.example/token",
    "body.user": "ann",
    "token_path": "data.token",
    "header_name": "X-Token",
    "header_prefix": "",
}


def access(kind: str, fields: dict[str, str], **secrets: str) -> Access:
    """Return an access of a kind."""
    return Access(new_id(), "Shop", kind, fields, {name.replace("__", "."): SecretStr(secret) for name, secret in secrets.items()})


class Shop:
    """A source behind httpx: gives tokens, counts them, and takes the latest only."""

    def __init__(self, answer: Callable[[int], httpx.Response]) -> None:
        self._answer = answer
        self.logins: list[httpx.Request] = []
        self.requests: list[httpx.Request] = []
        self.takes: Callable[[httpx.Request], bool] = lambda _request: True

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        await asyncio.sleep(0)
        if request.url.path == "/token":
            self.logins.append(request)
            return self._answer(len(self.logins))
        self.requests.append(request)
        return httpx.Response(200 if self.takes(request) else 401, json={"items": []})

    async def ask(self, auth: httpx.Auth, times: int = 1) -> list[int]:
        """Ask several times at once, as a source does; return the statuses."""
        async with httpx.AsyncClient(transport=httpx.MockTransport(self)) as http:
            wire = Wire(http, largest_answer=1000)
            answers = await asyncio.gather(*(wire.send("GET", "https://shop.example/users", auth=auth) for _ in range(times)))
        return [answer.status for answer in answers]


def token(number: int) -> httpx.Response:
    """Answer with the number-th token, for both kinds of tokens."""
    return httpx.Response(200, json={"access_token": f"t{number}", "expires_in": 3600, "data": {"token": f"t{number}"}})


@pytest.mark.parametrize(
    ("given", "header", "value"),
    [
        (access("basic", {"username": "ann"}, password="s3cret"), "authorization", "Basic YW5uOnMzY3JldA=="),
        (access("api_key", {"key_name": "X-Key", "placement": "header"}, value="s3cret"), "x-key", "s3cret"),
        (access("oauth2_client_credentials", OAUTH, client_secret="s3cret"), "authorization", "Bearer t1"),
        (access("session", LOGIN, secret_body__password="s3cret"), "x-token", "t1"),
    ],
)
async def test_each_kind_puts_its_proof_where_the_source_looks(given: Access, header: str, value: str) -> None:
    """A source that does not find it answers 401, and says no more."""
    shop = Shop(token)
    assert await shop.ask(auth_of(given)) == [200]
    assert shop.requests[0].headers[header] == value


async def test_a_key_may_go_into_the_query() -> None:
    """Some old APIs know no other place."""
    shop = Shop(token)
    await shop.ask(auth_of(access("api_key", {"key_name": "key", "placement": "query"}, value="s3cret")))
    assert shop.requests[0].url.params["key"] == "s3cret"


async def test_an_aws_signature_covers_the_session_token() -> None:
    """AWS refuses temporary keys whose token is not signed."""
    shop = Shop(token)
    fields = {"access_key_id": "AK", "region": "eu-west-1", "service": "execute-api"}
    await shop.ask(auth_of(access("aws_sigv4", fields, secret_access_key="s3cret", session_token="temporary")))
    signature = shop.requests[0].headers["authorization"]
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=AK/")
    assert "/eu-west-1/execute-api/aws4_request" in signature
    assert "x-amz-security-token" in signature
    assert "s3cret" not in signature


async def test_what_is_asked_for_a_token_is_what_the_standard_says() -> None:
    """The secret goes in the body, never in the address."""
    shop = Shop(token)
    await shop.ask(auth_of(access("oauth2_client_credentials", OAUTH, client_secret="s3 cret&")))
    await shop.ask(auth_of(access("session", LOGIN, secret_body__password="s3cret")))
    assert shop.logins[0].content == b"grant_type=client_credentials&client_id=c&client_secret=s3+cret%26&scope=a+b"
    assert shop.logins[1].content == b'{"user":"ann","password":"s3cret"}'
    assert [str(login.url) for login in shop.logins] == ["https://shop.example/token"] * 2


async def test_many_requests_share_one_token() -> None:
    """Sign-ins are limited harder than anything else."""
    shop = Shop(token)
    assert await shop.ask(auth_of(access("oauth2_client_credentials", OAUTH, client_secret="s")), times=20) == [200] * 20
    assert len(shop.logins) == 1


async def test_a_token_is_renewed_before_it_ends_and_once_when_it_is_refused() -> None:
    """A run of hours outlives its token; a source that refuses every token is not asked for ever."""
    moment, shop = [0.0], Shop(token)
    auth = ClientCredentials(access("oauth2_client_credentials", OAUTH, client_secret="s"), clock=lambda: moment[0])
    await shop.ask(auth)
    moment[0] = 3539.0
    await shop.ask(auth)
    assert len(shop.logins) == 1
    moment[0] = 3541.0
    await shop.ask(auth)
    assert len(shop.logins) == 2
    shop.takes = lambda request: request.headers["authorization"] == "Bearer t3"
    assert await shop.ask(auth) == [200]
    shop.takes = lambda _request: False
    assert await shop.ask(auth) == [401]
    assert len(shop.logins) == 4


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(401, text="s3cret is wrong"), SignInRefused),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), SignInRefused),
        (httpx.Response(200, text="<html>"), SignInRefused),
        (httpx.Response(200, json={"token": 7}), SignInRefused),
        (httpx.Response(200, content=b"[" + b" " * 2_000_000 + b"]"), SignInRefused),
        (httpx.Response(429), SourceThrottled),
        (httpx.Response(503, text="s3cret"), SourceFailed),
    ],
)
async def test_a_sign_in_that_fails_is_told_without_a_word_of_the_answer(answer: httpx.Response, kind: type[AppError]) -> None:
    """An answer may repeat what it was sent; what may help is tried again, the rest is not."""
    shop = Shop(lambda _number: answer)
    with pytest.raises(kind) as failed:
        await shop.ask(auth_of(access("oauth2_client_credentials", OAUTH, client_secret="s3cret")))
    assert "s3cret" not in repr((failed.value.message, failed.value.remedy, failed.value.details))
    assert not shop.requests


def test_what_nobody_can_sign_with_is_refused() -> None:
    """The remedy says what is missing."""
    with pytest.raises(Invalid, match="token_url"):
        auth_of(access("oauth2_client_credentials", {"client_id": "c"}, client_secret="s"))
    with pytest.raises(Invalid, match="telepathy"):
        auth_of(access("telepathy", {}))


async def test_a_connection_shows_the_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real handshake with a server that asks for one; the key leaves no file behind."""
    mine = pair()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    given = access("mutual_tls", {"certificate": mine["certificate"]}, private_key=mine["private_key"], key_password=mine["key_password"])
    client = context_of(given)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing else waits for this loop
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (tmp_path / "server.pem").write_text(mine["certificate"] + mine["private_key"])
    server.load_cert_chain(tmp_path / "server.pem", password=mine["key_password"])
    server.load_verify_locations(cadata=mine["certificate"])
    server.verify_mode = ssl.CERT_REQUIRED
    seen: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        seen.set_result(writer.get_extra_info("peercert")["subject"])
        writer.close()

    client.check_hostname = False
    client.load_verify_locations(cadata=mine["certificate"])
    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server)
    async with listening:
        _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname(), ssl=client)
        writer.write(b"x")
        async with asyncio.timeout(10):
            assert await seen == ((("commonName", "ann"),),)
        writer.close()
