"""Sign-in and whoami."""

import asyncio

import httpx
import pytest

from sophos_central_simulator.server import serving
from sophos_central_simulator.settings import SimulatorSettings
from tests.contract.simulator.visitor import CONTROL_TOKEN, NOBODY, TOKEN, USERS, Visitor, refusal


async def test_the_right_form_gives_a_token(visitor: Visitor) -> None:
    """The seven fields; a success says errorCode, too, which a client must not take for a failure."""
    answer = await visitor.sign_in()
    assert answer.keys() == {"access_token", "errorCode", "expires_in", "message", "refresh_token", "token_type", "trackingId"}
    assert (answer["expires_in"], answer["token_type"], answer["errorCode"]) == (3600, "bearer", "success")
    assert len(answer["access_token"].split(".")) == 3
    assert len(await visitor.users()) == 50


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "oauth.invalid_client_secret"),
        ({"client_id": NOBODY}, 401, "oauth.client_app_does_not_exist"),
        ({"client_id": "not-a-uuid"}, 400, "customer.validation"),
        ({"client_secret": ""}, 400, "customer.validation"),
        ({"grant_type": "password"}, 400, "customer.validation"),
        ({"grant_type": None}, 400, "customer.validation"),
    ],
)
async def test_a_wrong_form_is_refused_in_the_token_hosts_own_shape(
    visitor: Visitor, changes: dict[str, str | None], status: int, code: str
) -> None:
    """Not the API's error object: a client must read another field here."""
    form = {name: value for name, value in {**visitor.form, **changes}.items() if value is not None}
    answer = await visitor.http.post(TOKEN, data=form)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert answer.json().keys() == {"errorCode", "message", "trackingId"}


@pytest.mark.parametrize("grant_type", ["password", None])
async def test_whether_another_grant_type_is_refused_is_a_switch(visitor: Visitor, grant_type: str | None) -> None:
    """Nobody says that it is; the secret must be right all the same."""
    await visitor.switch(grant_type_needed=False)
    form = {name: value for name, value in {**visitor.form, "grant_type": grant_type}.items() if value is not None}
    assert (await visitor.http.post(TOKEN, data=form)).status_code == 200
    assert (await visitor.http.post(TOKEN, data={**form, "client_secret": "wrong"})).status_code == 401


@pytest.mark.parametrize("body", [b"\xff\xfe=%zz&&&", b"", b"{"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
async def test_a_sign_in_that_cannot_be_read_is_refused(http: httpx.AsyncClient, body: bytes, kind: str) -> None:
    """Nothing that a client sends may make the simulator fail."""
    answer = await http.post(TOKEN, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "customer.validation")


async def test_a_disabled_client_is_refused(visitor: Visitor) -> None:
    """An administrator may have disabled the credential."""
    await visitor.switch(client_disabled=True)
    answer = await visitor.http.post(TOKEN, data=visitor.form)
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "oauth.client_disabled")


async def test_a_refresh_token_gives_a_new_token(visitor: Visitor) -> None:
    """The second request to the same URL has a JSON body."""
    first = await visitor.sign_in()
    body = {name: visitor.form[name] for name in ("client_id", "client_secret")} | {"grant_type": "refresh_token"}
    answer = await visitor.http.post(TOKEN, json={**body, "refresh_token": first["refresh_token"]})
    assert answer.status_code == 200
    assert answer.json()["access_token"] != first["access_token"]
    refused = await visitor.http.post(TOKEN, json={**body, "refresh_token": "made up"})
    assert refused.status_code == 401


async def test_a_token_ends_and_a_new_one_works(visitor: Visitor) -> None:
    """A run longer than a token's life must sign in again."""
    await visitor.switch(token_life=0.05)
    await visitor.sign_in()
    await asyncio.sleep(0.06)
    refusal(await visitor.http.get(USERS, headers=visitor.headers), 401)
    await visitor.switch(token_life=60)
    assert (await visitor.sign_in())["expires_in"] == 60
    assert await visitor.users()


async def test_whoami_names_the_tenant_and_the_simulators_own_hosts(visitor: Visitor) -> None:
    """The regional host is taken from here, so it must lead back to the simulator."""
    answer = await visitor.http.get("/whoami/v1", headers={"Authorization": visitor.headers["Authorization"]})
    url = str(visitor.http.base_url).rstrip("/")
    assert answer.json() == {
        "id": visitor.tenant["tenant_id"],
        "idType": "tenant",
        "apiHosts": {"global": url, "dataRegion": url},
    }
    assert visitor.tenant["data_region"] == url


async def test_settings_may_name_the_public_url_and_the_first_tenant() -> None:
    """In containers the simulator is reached under another name, and a credential may have to be known beforehand."""
    settings = SimulatorSettings.model_validate(
        {
            "port": 0,
            "control_token": CONTROL_TOKEN,
            "public_url": "http://simulator:8090/",
            "users": 3,
            "tenant_id": NOBODY,
            "client_id": NOBODY,
            "client_secret": "known beforehand",
        }
    )
    async with serving(settings) as running, httpx.AsyncClient(base_url=running.url) as http:
        visitor = Visitor(http, {"tenant_id": NOBODY, "client_id": NOBODY, "client_secret": "known beforehand"})
        await visitor.sign_in()
        assert (await visitor.ask("GET", "/whoami/v1"))["apiHosts"]["dataRegion"] == "http://simulator:8090"
        assert len(await visitor.users()) == 3
    assert running.tenant is not None
    assert running.tenant.id == NOBODY
    assert "known beforehand" not in repr(settings) + repr(running.tenant)
