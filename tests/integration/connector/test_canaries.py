"""Canaries: a secret of its own in every secret field of every kind, looked for in everything that leaves or stays."""

import ipaddress
import logging
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from all_in_one.serving import serving
from connector.credentials.kinds import KINDS, secret_fields
from tests.support.certificates import pair
from tests.support.connector import Api, World, everything_told, run
from tests.support.gossip import MOODS, Gossip
from tests.support.searching import disguises, files, rows

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
ANOTHER_KEY = SecretStr(b64encode(b"x" * 32).decode())
METRICS = SecretStr("a token that reads metrics only")


def canary(field: str) -> str:
    """Return a secret that is nowhere else; with characters that are escaped in one place or another."""
    return f'cnry-{field}-{uuid4().hex}-"q/+<&'


def basic(_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plant in a user name and a password."""
    return {"username": "ann"}, {"password": canary("password")}


def header_key(_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plant in a key in a header."""
    return {"key_name": "X-Key"}, {"value": canary("header")}


def query_key(_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plant in a key in the address, which links, logs and errors like to repeat."""
    return {"key_name": "key", "placement": "query"}, {"value": canary("query")}


def client(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plant in client credentials."""
    return {"client_id": "c", "token_url": f"{url}/login"}, {"client_secret": canary("client")}


def aws(_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plant in an AWS key with a session."""
    secrets = {"secret_access_key": canary("aws"), "session_token": canary("aws-session").replace('"', "")}
    return {"access_key_id": "AK", "region": "eu-west-1", "service": "s3"}, secrets


def session(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plant in a login."""
    return {"url": f"{url}/login", "token_path": "data.token"}, {"secret_body": {"password": canary("login"), "pin": canary("pin")}}


def certificate(_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plant in a certificate's key."""
    made = pair()
    return {"certificate": made["certificate"]}, {"private_key": made["private_key"], "key_password": made["key_password"]}


Made = Callable[[str], tuple[dict[str, Any], dict[str, Any]]]
EVERY: dict[str, tuple[str, Made]] = {
    "basic": ("basic", basic),
    "header": ("api_key", header_key),
    "query": ("api_key", query_key),
    "client": ("oauth2_client_credentials", client),
    "aws": ("aws_sigv4", aws),
    "session": ("session", session),
    "certificate": ("mutual_tls", certificate),
}


def test_every_secret_field_of_every_kind_has_a_canary() -> None:
    """A kind or a field that is added must be looked for as well."""
    planted: dict[str, set[str]] = {}
    for kind, made in EVERY.values():
        planted.setdefault(kind, set()).update(made("http://127.0.0.1")[1])
    assert planted == {kind: secret_fields(kind) for kind in KINDS}


def planted_in(secrets: dict[str, Any]) -> list[str]:
    """Return what to look for; of a key in PEM a line of its middle."""
    flat = [one for value in secrets.values() for one in (value.values() if isinstance(value, dict) else [value])]
    return [text.splitlines()[2] if "-----BEGIN" in text else text for text in flat if len(text) > 8]


@pytest.mark.parametrize("how", EVERY)
async def test_no_canary_is_ever_seen_again(
    how: str, here: World, tmp_path: Path, lines: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    """With a source that repeats everything, in good days and bad; in answers, events, logs, errors, metrics, files and rows."""
    caplog.set_level(logging.DEBUG)
    here.common = here.common.model_copy(update={"metrics_token": METRICS})
    gossip, (kind, made) = Gossip(token=canary("token")), EVERY[how]
    seen: list[str] = []
    canaries = [gossip.token]
    async with serving(gossip.app(), host="127.0.0.1", port=0, shutdown_seconds=2) as url:
        async with here.connector(private_networks=LOOPBACK, retry_attempts=1) as api:
            fields, secrets = made(url)
            canaries += planted_in(secrets)
            given = {"name": "Gossip", "provider": "rest-users", "kind": kind, **fields, **secrets}
            stored = await api.post("/credentials", given, expect=201)
            await mistakes(api, given, secrets)
            integration_id = await integration(api, url, stored["id"])
            assert (good := await run(api, integration_id))["state"] == "completed", good["error"]
            assert good["fetched"] == 5
            await bad_days(api, gossip, integration_id, stored["id"])
            canaries += planted_in(await renewal(api, stored["id"], made(url)))
            assert (await run(api, integration_id))["state"] == "completed"
            await look_around(api, stored["id"], integration_id)
            seen += api.answers
        async with here.connector(private_networks=LOOPBACK, retry_attempts=1, encryption_key=ANOTHER_KEY) as api:
            unreadable = await run(api, integration_id)
            await api.post(f"/credentials/{stored['id']}/test", expect=500)
            seen += api.answers
    assert (unreadable["state"], unreadable["error"]["code"]) == ("failed", "secret_unreadable")
    places = {
        "answers": "\n".join(seen).encode(),
        "events": everything_told(here.mapper),
        "log lines": repr(lines).encode(),
        # What other libraries say at DEBUG, which no setting of ours lets through, names full addresses.
        "other logs": "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith(("http", "aiosqlite"))).encode(),
        "rows": await rows(here.settings.database_url),
        "settings": repr(here.settings).encode(),
        **files(tmp_path),
    }
    for secret in canaries:
        for disguise in disguises(secret):
            assert [place for place, content in places.items() if disguise in content] == [], (secret, disguise)
    assert lines


async def mistakes(api: Api, given: dict[str, Any], secrets: dict[str, Any]) -> None:
    """Send it wrongly, in every way that is answered with an error."""
    await api.post("/credentials", given, expect=409)
    await api.post("/credentials", {**given, "provider": "sophos-users", "surprise": 1}, expect=422)
    await api.post("/credentials", {**given, "provider": "nobody"}, expect=404)
    for name, secret in secrets.items():
        await api.post("/credentials", {**given, name: [secret]}, expect=422)
        await api.post("/credentials", {**given, "name": {"x": secret}}, expect=422)
        await api.post("/credentials", {**given, "kind": str(secret)}, expect=422)
    if given["kind"] != "oauth2_client_credentials":
        await api.post("/credentials", {**given, "name": "n", "provider": "sophos-users"}, expect=422)


async def integration(api: Api, url: str, credential_id: str) -> str:
    """Set an integration up that follows the links of the source."""
    made = await api.post("/integrations", {"provider": "rest-users", "name": "Gossips"}, expect=201)
    inputs = {"url": f"{url}/staff?all=1", "paging": "link"}
    details = {"user_selection": "user_only", "integration_user": "ann", "credential_id": credential_id}
    await api.ask("PATCH", f"/integrations/{made['id']}", {**details, "inputs": {key: {"value": value} for key, value in inputs.items()}})
    await api.post(f"/integrations/{made['id']}/launch")
    return str(made["id"])


async def bad_days(api: Api, gossip: Gossip, integration_id: str, credential_id: str) -> None:
    """Run it while the source refuses; first what is asked, then the sign-in."""
    for gossip.mood in MOODS:
        failed = await run(api, integration_id)
        assert failed["state"] == "failed", gossip.mood
        await api.get(f"/runs/{failed['id']}/errors")
    gossip.mood = ""
    for gossip.login_mood in MOODS:
        await run(api, integration_id)
        await api.post(f"/credentials/{credential_id}/test")
    gossip.login_mood = ""


async def renewal(api: Api, credential_id: str, anew: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """Give it new secrets, wrongly and rightly; return them."""
    fields, secrets = anew
    path = f"/credentials/{credential_id}/secret"
    await api.ask("PUT", path, {"secrets": {**secrets, "unknown": "x"}}, expect=422)
    await api.ask("PUT", path, {"secrets": secrets, "fields": {name: str(secret) for name, secret in secrets.items()}}, expect=422)
    changed = {name: value for name, value in fields.items() if name == "certificate"}
    await api.ask("PUT", path, {"secrets": secrets, "fields": changed}, expect=200)
    return secrets


async def look_around(api: Api, credential_id: str, integration_id: str) -> None:
    """Read everything there is."""
    for path in (
        "/credentials",
        f"/credentials/{credential_id}",
        f"/integrations/{integration_id}",
        f"/integrations/{integration_id}/runs",
    ):
        await api.get(path)
    for path in ("/metrics", "/health/ready", "/openapi.json"):
        answer = await api.http.get(path, headers={"Authorization": f"Bearer {METRICS.get_secret_value()}"})
        api.answers.append(answer.text)
    assert "rollcall_" in "".join(api.answers)
