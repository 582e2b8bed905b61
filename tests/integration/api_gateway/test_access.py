"""Who gets in: nobody without a token, and nobody beyond their role."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from sqlalchemy import select, update

from api_gateway.auth.access import NEEDED, RANK, check_complete
from api_gateway.auth.shapes import Role
from api_gateway.tables import ACCOUNTS, API_TOKENS, SCHEMA
from shared.clock import now
from shared.db.engine import opened
from shared.db.migrate import upgrade
from tests.support.api_gateway import ANY_ID, METRICS_TOKEN, Gateway, gateway


def every_route(routes: list[Any]) -> list[tuple[str, str]]:
    """Return (method, path) of all that an app answers, whichever way it was put together."""
    found: list[tuple[str, str]] = []
    for route in routes:
        if isinstance(route, APIRoute):
            found += [(method, route.path) for method in sorted(route.methods or ())]
        else:
            inner = getattr(route, "original_router", None)
            assert inner is not None, f"{route!r} is a route of a kind that this test does not know"
            found += every_route(inner.routes)
    return found


def filled(path: str) -> str:
    """Return a path with an id in each place."""
    return "/".join(ANY_ID if step.startswith("{") else step for step in path.split("/"))


async def test_no_route_but_health_answers_without_a_token(here: Gateway) -> None:
    """One forgotten route would be the hole; so all that there are are tried, with bodies nobody could read too."""
    routes = every_route(list(here.app.routes))
    assert {path for _, path in routes} >= {"/health/live", "/health/ready", "/metrics", "/api/v1/openapi.json", "/api/v1/people"}
    assert {route for route in routes if route[1].startswith("/api/")} == NEEDED.keys()
    for method, path in routes:
        if path.startswith("/health/"):
            continue
        for content in (b"", b"{not json"):
            response = await here.http.request(method, filled(path), content=content, headers={"Content-Type": "application/json"})
            assert response.status_code == 401, (method, path)
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["remedy"]
    for path in ("/docs", "/redoc", "/openapi.json", "/internal/people"):
        assert (await here.http.get(path)).status_code == 404
    assert not here.connector.asked + here.mapper.asked + here.workflow_engine.asked


async def test_each_role_gets_as_far_as_the_table_says(here: Gateway) -> None:
    """The table is the truth: every route is tried with every role."""
    tokens: dict[Role, str] = {role: await here.token_for(role) for role in (*RANK, "agent")}
    for (method, path), needed in NEEDED.items():
        for role, token in tokens.items():
            response = await here.call(method, filled(path).removeprefix("/api/v1"), {}, token=token)
            # Agents stand apart: what is theirs is nobody else's, not even an admin's, and nothing else is theirs.
            if role != needed if "agent" in (role, needed) else RANK[role] < RANK[needed]:
                assert response.status_code == 403, (method, path, role)
                assert response.json()["needed_role"] == needed
                assert needed in response.json()["detail"]
            else:
                assert response.status_code not in {401, 403}, (method, path, role)


@pytest.mark.parametrize("sent", ["rc_nonsense", "rc_0190b7a4000070008000000000000001_guessed", "Bearer", "", "rc__", "\u00e4"])
async def test_what_is_not_a_token_of_ours_is_refused(here: Gateway, sent: str) -> None:
    """Whatever is sent, the answer is 401 and does not repeat it."""
    response = await here.http.get("/api/v1/me", headers={b"Authorization": f"Bearer {sent}".encode()})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "guessed" not in response.text


async def test_a_token_with_another_secret_is_refused(here: Gateway) -> None:
    """The id alone opens nothing."""
    stem = "_".join(here.admin_token.split("_")[:2])
    assert (await here.call("GET", "/me", token=f"{stem}_{'A' * 43}")).status_code == 401
    assert (await here.call("GET", "/me", token=here.admin_token + "A")).status_code == 401


async def test_a_revoked_token_stops_working_at_once(here: Gateway) -> None:
    """Whoever leaves must not keep a way in."""
    token = await here.token_for("viewer")
    me = (await here.call("GET", "/me", token=token)).json()
    assert (await here.call("DELETE", f"/tokens/{me['token']['id']}")).status_code == 204
    refused = await here.call("GET", "/me", token=token)
    assert (refused.status_code, refused.json()["code"]) == (401, "revoked_token")
    assert (await here.call("DELETE", f"/tokens/{me['token']['id']}")).status_code == 204
    listed = (await here.call("GET", f"/accounts/{me['account']['id']}/tokens")).json()["items"]
    assert listed[0]["revoked_at"] is not None


async def test_an_expired_token_is_refused(here: Gateway) -> None:
    """A token for a week works for a week."""
    token = await here.token_for("viewer", expires_at=(now() + timedelta(hours=1)).isoformat())
    assert (await here.call("GET", "/me", token=token)).status_code == 200
    async with opened(here.database_url, SCHEMA.name) as database, database.writes() as session, session.begin():
        await session.execute(update(API_TOKENS).where(API_TOKENS.c.expires_at.is_not(None)).values(expires_at=now()))
    refused = await here.call("GET", "/me", token=token)
    assert (refused.status_code, refused.json()["code"]) == (401, "expired_token")


async def test_a_token_that_would_be_expired_already_is_not_made(here: Gateway) -> None:
    """It would only confuse whoever gets it; nor is one made whose end has no zone or is no day of the calendar."""
    me = (await here.call("GET", "/me")).json()
    path = f"/accounts/{me['account']['id']}/tokens"
    for moment in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        refused = await here.call("POST", path, {"expires_at": moment})
        assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "expires_at"), moment
    assert (await here.call("POST", path, {"expires_at": "9999-12-31T23:59:59Z"})).status_code == 201


async def test_the_database_holds_hashes_only(here: Gateway) -> None:
    """Whoever reads a backup must not be able to sign in."""
    token = await here.token_for("operator")
    secrets = [plain.split("_", 2)[2] for plain in (token, here.admin_token)]
    async with opened(here.database_url, SCHEMA.name) as database, database.reading() as session:
        rows = [row for table in SCHEMA.metadata.tables.values() for row in await session.execute(select(table))]
        hashes = list(await session.scalars(select(API_TOKENS.c.secret_hash)))
    assert len(hashes) == 2
    assert {len(secret_hash) for secret_hash in hashes} == {32}
    assert not any(secret in repr(row) or secret.encode() in row for secret in secrets for row in rows)


async def test_the_last_use_is_noted_once_a_minute(here: Gateway) -> None:
    """It tells which tokens are dead without a write for every request."""
    first = (await here.call("GET", f"/accounts/{(await here.call('GET', '/me')).json()['account']['id']}/tokens")).json()["items"][0]
    await here.call("GET", "/me")
    again = (await here.call("GET", "/me")).json()["token"]
    assert first["last_used_at"] == again["last_used_at"] is not None
    async with opened(here.database_url, SCHEMA.name) as database, database.writes() as session, session.begin():
        await session.execute(update(API_TOKENS).values(last_used_at=now() - timedelta(minutes=2)))
    await here.call("GET", "/me")
    later = (await here.call("GET", "/me")).json()["token"]
    assert later["last_used_at"] >= first["last_used_at"]


async def test_the_first_start_makes_one_admin_once(database_url: SecretStr, tmp_path: Path) -> None:
    """The token is shown at the first start; a restart must not open a second way in."""
    async with gateway(database_url, tmp_path / "first") as first:
        token = first.admin_token
        assert (await first.call("GET", "/me")).json()["account"]["name"] == "admin"
    async with gateway(database_url, tmp_path / "second", migrate=False) as second:
        assert second.app.state.bootstrap_token is None
        assert (await second.call("GET", "/me", token=token)).json()["account"]["role"] == "admin"


async def test_two_replicas_that_start_at_once_make_one_admin(database_url: SecretStr, tmp_path: Path) -> None:
    """Two admins' tokens in two logs would be one too many."""
    await upgrade(database_url, SCHEMA)

    async def start(name: str) -> str | None:
        async with gateway(database_url, tmp_path / name, migrate=False) as made:
            token: str | None = made.app.state.bootstrap_token
            return token

    tokens = await asyncio.gather(*(start(f"replica-{number}") for number in range(4)))
    assert sum(token is not None for token in tokens) == 1
    async with opened(database_url, SCHEMA.name) as database, database.reading() as session:
        assert len((await session.execute(select(ACCOUNTS))).all()) == 1
        assert len((await session.execute(select(API_TOKENS))).all()) == 1


async def test_metrics_have_a_token_of_their_own(here: Gateway) -> None:
    """Who watches the machines needs no account, and who has an account needs no figures."""
    as_admin = await here.http.get("/metrics", headers={"Authorization": f"Bearer {here.admin_token}"})
    assert as_admin.status_code == 401
    watching = await here.http.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN.get_secret_value()}"})
    assert watching.status_code == 200


def test_a_route_without_a_role_keeps_the_app_from_starting() -> None:
    """Forgetting the line in the table must fail on the developer's machine."""
    with pytest.raises(TypeError, match="/api/v1/new"):
        check_complete([*NEEDED, ("GET", "/api/v1/new")])
    with pytest.raises(TypeError, match="/api/v1/me"):
        check_complete(NEEDED.keys() - {("GET", "/api/v1/me")})
