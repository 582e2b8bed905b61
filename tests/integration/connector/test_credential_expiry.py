"""Credentials end: whoever looks is warned ahead, the log says it once at each threshold, and new secrets begin anew."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from connector.credentials.expiry import newly_near, warning_of
from connector.credentials.kinds import expiry_of
from connector.tables import OUTBOX, SCHEMA
from shared.api.credentials import MutualTlsIn
from shared.clock import now
from shared.db.engine import opened
from shared.unit import Units
from tests.support.certificates import pair
from tests.support.connector import World

GIVEN: dict[str, Any] = {"name": "Sophos API", "client_id": "c", "client_secret": "s3cret"}


@pytest.mark.parametrize(("days", "left"), [(40, None), (30.5, None), (29.5, 29), (6.5, 6), (0.5, 0), (-0.1, 0), (-40, 0)])
def test_a_warning_is_due_from_thirty_days_before_the_end(days: float, left: int | None) -> None:
    """Time enough to ask the one person who may make a new secret."""
    moment = now()
    warning = warning_of(moment + timedelta(days=days), moment)
    assert (warning.days_left if warning else None) == left
    assert warning is None or ("expired" in warning.message) == (days < 0)


async def test_the_warning_is_told_with_the_credential_and_ends_with_a_new_secret(here: World) -> None:
    """What is said once must go away once it is mended."""
    async with here.connector() as api:
        ends = (now() + timedelta(days=6, hours=1)).isoformat()
        made = await api.post("/credentials", {**GIVEN, "expires_at": ends})
        assert (made["warning"]["days_left"], "new secret" in made["warning"]["remedy"]) == (6, True)
        path = f"/credentials/{made['id']}"
        renewed = await api.ask("PUT", f"{path}/secret", {"secrets": {"client_secret": "new"}})
        assert (renewed["expires_at"], renewed["warning"]) == (None, None)
        assert renewed["changed_at"] > made["changed_at"]
        patched = await api.ask("PATCH", path, {"expires_at": ends})
        assert (patched["warning"]["days_left"], patched["name"]) == (6, "Sophos API")
        assert (await api.ask("PATCH", path, {"name": "Sophos"}))["expires_at"] == patched["expires_at"]
        assert (await api.ask("PATCH", path, {}))["name"] == "Sophos"
        other = await api.post("/credentials", {**GIVEN, "name": "Other"})
        taken = await api.ask("PATCH", f"/credentials/{other['id']}", {"name": "sophos"}, expect=409)
        assert taken["code"] == "name_taken"


async def test_an_end_that_is_over_is_refused(here: World) -> None:
    """A typing error in the year would warn for ever."""
    async with here.connector() as api:
        refused = await api.post("/credentials", {**GIVEN, "expires_at": "2020-01-01T00:00:00Z"}, expect=422)
        assert refused["fields"][0]["field"] == "expires_at"
        naive = await api.post("/credentials", {**GIVEN, "expires_at": "2099-01-01T00:00:00"}, expect=422)
        assert naive["fields"][0]["field"] == "expires_at"
        beyond = {"expires_at": "9999-12-31T23:59:59-14:00"}
        made = await api.post("/credentials", GIVEN)
        for refused in (
            await api.post("/credentials", {**GIVEN, "name": "other", **beyond}, expect=422),
            await api.ask("PATCH", f"/credentials/{made['id']}", beyond, expect=422),
        ):
            assert refused["fields"][0]["field"] == "expires_at"
        over = await api.ask("PATCH", f"/credentials/{made['id']}", {"expires_at": "2020-01-01T00:00:00Z"}, expect=422)
        assert over["fields"][0]["field"] == "expires_at"
        assert (await api.ask("GET", f"/credentials/{made['id']}"))["expires_at"] is None


async def test_the_end_of_a_certificate_cannot_be_talked_away(here: World) -> None:
    """Nobody would be warned of it any more."""
    async with here.connector() as api:
        made = await api.post("/credentials", {"name": "mutual", "provider": "rest-users", "kind": "mutual_tls", **pair()})
        assert made["expires_at"]
        for said in (None, (now() + timedelta(days=4000)).isoformat()):
            patched = await api.ask("PATCH", f"/credentials/{made['id']}", {"expires_at": said})
            assert patched["expires_at"] == made["expires_at"]


def test_a_certificate_says_itself_when_it_ends() -> None:
    """It knows better than whoever types it in."""
    for later in (None, now() + timedelta(days=4000)):
        ends = expiry_of(MutualTlsIn.model_validate({"name": "n", "expires_at": later, **pair()}))
        assert ends is not None
        assert timedelta(days=89) < ends - now() < timedelta(days=91)
    sooner = now() + timedelta(days=3)
    assert expiry_of(MutualTlsIn.model_validate({"name": "n", "expires_at": sooner, **pair()})) == sooner


async def test_each_threshold_is_told_once_whichever_replica_looks(here: World) -> None:
    """A line an hour for thirty days would be read by nobody; a replica that is restarted must not begin again."""
    moment = now()
    async with here.connector() as api:
        # Far enough that the service's own look, which runs meanwhile at the real time, takes none of them.
        for name, days in (("far", 150), ("near", 120), ("never", None)):
            ends = None if days is None else (moment + timedelta(days=days)).isoformat()
            await api.post("/credentials", {**GIVEN, "name": name, "expires_at": ends})
    async with opened(here.settings.database_url, SCHEMA.name) as database:
        units = Units(database, OUTBOX)

        async def told(days: float) -> list[tuple[str, int]]:
            both = await asyncio.gather(*(newly_near(units, moment + timedelta(days=days)) for _ in range(2)))
            return sorted((one.name, one.threshold) for some in both for one in some)

        assert await told(0) == []
        assert await told(100) == [("near", 30)]
        assert await told(100) == []
        assert await told(113.5) == [("near", 7)]
        assert await told(119.5) == [("near", 1)]
        assert await told(121) == [("far", 30), ("near", 0)]
        assert await told(149.5) == [("far", 1)]
        assert await told(400) == [("far", 0)]
        assert await told(4000) == []


async def test_the_log_names_the_credential_by_its_id_alone(here: World) -> None:
    """Logs hold ids; what they mean is looked up by those who may."""
    with capture_logs() as lines:
        async with here.connector() as api:
            ends = (now() + timedelta(days=3)).isoformat()
            made = await api.post("/credentials", {**GIVEN, "name": "the boss's own", "expires_at": ends})
        async with here.connector():
            async with asyncio.timeout(10):
                while not any("credential_expires_soon" in line["event"] for line in lines):  # noqa: ASYNC110 - a log tells nobody
                    await asyncio.sleep(0.02)
    (said,) = [line for line in lines if line["event"] == "credential_expires_soon"]
    assert (said["credential_id"], said["within_days"]) == (made["id"], 7)
    assert "boss" not in repr(lines)


async def test_a_test_says_what_the_credential_may_do_and_what_cannot_be_known(here: World) -> None:
    """Nobody is deleted to find out whether that is allowed."""
    async with here.connector() as api:
        made = await api.post("/credentials", {**GIVEN, "client_id": here.tenant.client_id, "client_secret": here.tenant.client_secret})
        before = dict(here.tenant.directory.users)
        may = (await api.post(f"/credentials/{made['id']}/test"))["may"]
        assert (may["read"], may["delete"]) == ("yes", "unknown")
        assert "role" in may["remark"]
        assert here.tenant.directory.users == before
        await api.ask("PUT", f"/credentials/{made['id']}/secret", {"secrets": {"client_secret": "wrong"}})
        failed = await api.post(f"/credentials/{made['id']}/test")
        assert (failed["ok"], failed["may"]["read"]) == (False, "unknown")
