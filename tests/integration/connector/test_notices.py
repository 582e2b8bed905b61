"""Notices: one for each thing that somebody should look at, and contacts who are told of it once, however often it happens."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from hmac import new as hmac_of
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from all_in_one.serving import serving
from connector.credentials.expiry import newly_near
from connector.notices.delivering import PAUSES, deliver_due
from connector.tables import CONTACT_SECRETS, CREDENTIALS, DELIVERIES
from shared.bus.port import Message
from shared.clock import now
from shared.events import Cause, Event, RecordsWithheld, TrayEmptied
from shared.events.cloudevents import encode
from shared.ids import new_id
from tests.support.connector import Api, World, eventually, launched, run
from tests.support.mail import mail_server

LOOPBACK = {"private_networks": (ip_network("127.0.0.0/8"),)}


@dataclass
class Receiver:
    """A webhook's other side: what came, and what it answers."""

    url: str = ""
    status: int = 204
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Keep a message."""
        self.came.append((dict(request.headers), await request.body()))
        return Response(status_code=self.status)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Give a webhook on the loopback address."""
    other = Receiver()
    app = Starlette(routes=[Route("/hooks/{token}", other.take, methods=["POST"])])
    async with serving(app, host="127.0.0.1", port=0, shutdown_seconds=1) as url:  # type: ignore[arg-type]
        other.url = f"{url}/hooks/canary-in-the-path"
        yield other


async def notices(api: Api, **wanted: Any) -> list[dict[str, Any]]:
    """Return the notices there are."""
    items: list[dict[str, Any]] = (await api.get("/notices", **wanted))["items"]
    return items


async def test_a_failure_that_goes_on_is_one_notice_until_it_is_over(here: World) -> None:
    """Somebody is told once of a source that is down all night, and again when it fails after it was well."""
    async with here.connector() as api:
        integration_id = await launched(api, here, secret="wrong")
        (credential,) = (await api.get("/credentials"))["items"]
        renew = f"/credentials/{credential['id']}/secret"
        for _ in range(3):
            assert (await run(api, integration_id))["state"] == "failed"
        (failed,) = await notices(api, kind="run_failed")
        assert (failed["count"], failed["closed_at"], failed["integration_id"]) == (3, None, integration_id)
        assert failed["remedy"]
        assert "Sophos Endpoint Security users" in failed["title"]
        (quarantined,) = await notices(api, kind="quarantined")
        assert quarantined["count"] == 3
        await api.ask("PUT", renew, {"secrets": {"client_secret": here.tenant.client_secret}})
        assert (await run(api, integration_id))["state"] == "completed"
        assert await notices(api, open=True) == []
        await api.ask("PUT", renew, {"secrets": {"client_secret": "wrong again"}})
        assert (await run(api, integration_id))["state"] == "failed"
        assert [one["count"] for one in await notices(api, kind="run_failed")] == [1, 3]


async def test_what_was_read_is_closed_and_comes_anew(here: World) -> None:
    """Reading says that somebody knows; it does not mend anything."""
    here.mapper.reject = lambda _source_id: True
    async with here.connector() as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        (first,) = await notices(api, open=True)
        assert first["kind"] == "run_with_errors"
        read = await api.post(f"/notices/{first['id']}/read")
        assert (read["closed_by"], (await api.post(f"/notices/{first['id']}/read"))["closed_at"]) == ("ann@example.com", read["closed_at"])
        await run(api, integration_id)
        assert len(await notices(api)) == 2
        assert len(await notices(api, limit=1)) == 1
        await api.ask("POST", f"/notices/{new_id()}/read", expect=404)


async def test_a_webhook_is_signed_and_tells_each_notice_once(here: World) -> None:
    """The receiver can tell us from others, and a repeat from a new one."""
    here.mapper.reject = lambda _source_id: True
    async with receiver() as other, here.connector(schedule_poll=0.05, **LOOPBACK) as api:
        made = await api.post("/contacts", {"name": "On call", "channel": "webhook", "address": other.url}, expect=201)
        assert (await api.post(f"/contacts/{made['id']}/test")) == {"ok": True, "problem": None}
        other.came.clear()
        other.status = 500
        integration_id = await launched(api, here)
        await run(api, integration_id)
        await eventually(lambda: _some(other.came))
        (notice,) = await notices(api)
        waiting = await eventually(lambda: _tried(api, notice["id"]))
        assert (waiting["state"], waiting["attempts"], waiting["contact"]) == ("waiting", 1, "On call")
        assert "500" in waiting["problem"]
        await run(api, integration_id)
        other.status = 204
        parts = api.http._transport.app.state.parts  # type: ignore[attr-defined]
        assert await deliver_due(parts, now() + PAUSES[0] + timedelta(seconds=1)) == 1
        (sent,) = (await api.get(f"/notices/{notice['id']}/deliveries"))["items"]
        assert (sent["state"], sent["attempts"], sent["problem"], sent["next_at"]) == ("sent", 2, None, None)
        assert await deliver_due(parts, now() + timedelta(days=9)) == 0

        assert len({headers["webhook-id"] for headers, _ in other.came}) == 1
        headers, body = other.came[-1]
        key = b64decode(made["signing_secret"].removeprefix("whsec_"))
        signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
        assert headers["webhook-signature"] == f"v1,{b64encode(hmac_of(key, signed, sha256).digest()).decode()}"
        told = orjson.loads(body)
        assert (told["kind"], told["notice_id"], told["integration_id"]) == ("run_with_errors", notice["id"], integration_id)

        api.answers.clear()
        await api.get("/contacts")
        await api.ask("PATCH", f"/contacts/{made['id']}", {"kinds": ["quarantined"]})
        assert not any("canary" in answer or made["signing_secret"] in answer for answer in api.answers)
        async with parts.database.reading() as session:
            (sealed,) = await session.scalars(select(CONTACT_SECRETS.c.secret))
        assert b"canary" not in sealed


async def _tried(api: Api, notice_id: str) -> dict[str, Any] | None:
    """Return the one delivery once a try of it has been written down: that happens after the receiver has answered."""
    (delivery,) = (await api.get(f"/notices/{notice_id}/deliveries"))["items"]
    return delivery if delivery["attempts"] else None


async def _some(came: list[Any]) -> dict[str, Any] | None:
    return {"came": len(came)} if came else None


async def test_a_replica_that_dies_while_telling_is_followed_by_another(here: World) -> None:
    """A try that nobody finished is made again, under the same id; one that never helps is given up, and says why."""
    here.mapper.reject = lambda _source_id: True
    async with receiver() as other, here.connector(schedule_poll=60, **LOOPBACK) as api:
        await api.post("/contacts", {"name": "On call", "channel": "webhook", "address": other.url})
        await run(api, await launched(api, here))
        parts = api.http._transport.app.state.parts  # type: ignore[attr-defined]
        moment = now() + timedelta(seconds=1)
        async with parts.units.begin() as unit:
            # As a replica leaves it that dies between taking the delivery and telling it.
            await unit.session.execute(update(DELIVERIES).values(next_at=moment + timedelta(minutes=2), fence=1))
        assert await deliver_due(parts, moment) == 0
        other.status = 503
        for _ in range(len(PAUSES) + 1):
            moment += timedelta(days=2)
            assert sum(await asyncio.gather(deliver_due(parts, moment), deliver_due(parts, moment))) == 1
        assert await deliver_due(parts, moment + timedelta(days=30)) == 0
        (notice,) = await notices(api)
        (given_up,) = (await api.get(f"/notices/{notice['id']}/deliveries"))["items"]
        assert (given_up["state"], given_up["attempts"]) == ("failed", len(PAUSES) + 1)
        assert len({headers["webhook-id"] for headers, _ in other.came}) == 1


async def test_an_email_says_what_and_what_to_do(here: World) -> None:
    """To whoever is concerned, and to nobody else."""
    here.mapper.reject = lambda _source_id: True
    async with mail_server() as mailbox:
        smtp = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_security": "none", "smtp_from": "rollcall@example.com"}
        async with here.connector(schedule_poll=0.05, **smtp) as api:
            integration_id = await launched(api, here)
            other = await api.post("/integrations", {"provider": "sophos-users", "name": "Other"})
            for name, more in (
                ("all", {}),
                ("of it", {"integration_ids": [integration_id]}),
                ("of the other", {"integration_ids": [other["id"]]}),
                ("of other kinds", {"kinds": ["quarantined"]}),
            ):
                address = f"{name.replace(' ', '.')}@example.com"
                await api.post("/contacts", {"name": name, "channel": "email", "address": address, **more}, expect=201)
            await run(api, integration_id)
            await eventually(lambda: _some(mailbox.messages[1:]))
            mailbox.refuse = True
            (contact, *_) = (await api.get("/contacts"))["items"]
            refused = await api.post(f"/contacts/{contact['id']}/test")
    assert sorted(recipient for recipient, _ in mailbox.messages) == ["all@example.com", "of.it@example.com"]
    mail = mailbox.messages[0][1]
    assert mail["Subject"] == "Rollcall: Sophos Endpoint Security users: a run completed with errors"
    assert "replayed" in mail.get_content()
    assert (refused["ok"], "451" in refused["problem"]) == (False, True)


async def test_bad_contacts_are_refused_with_what_to_do(here: World) -> None:
    """Each names the field; a webhook cannot be aimed into our own network."""
    async with here.connector() as api:
        no_mail = await api.post("/contacts", {"name": "Ann", "channel": "email", "address": "ann@example.com"}, expect=409)
        assert (no_mail["code"], "SMTP_HOST" in no_mail["remedy"]) == ("mail_not_set", True)
        for address in ("ftp://example.com/", "https://", "http://example.com/", "https://user:pw@example.com/", "https://[::1"):
            refused = await api.post("/contacts", {"name": "Hook", "channel": "webhook", "address": address}, expect=422)
            assert (refused["fields"][0]["field"], "pw" in refused["fields"][0]["message"]) == ("address", False), address
        unknown = {"name": "Hook", "channel": "webhook", "address": "https://example.com/", "integration_ids": [str(new_id())]}
        assert (await api.post("/contacts", unknown, expect=422))["fields"][0]["field"] == "integration_ids"
        inner = await api.post("/contacts", {"name": "Inner", "channel": "webhook", "address": "https://127.0.0.1:1/"}, expect=201)
        tested = await api.post(f"/contacts/{inner['id']}/test")
        assert (tested["ok"], "may not be reached" in tested["problem"]) == (False, True)
        await api.post("/contacts", {"name": "INNER", "channel": "webhook", "address": "https://example.com/"}, expect=409)
        await api.ask("DELETE", f"/contacts/{inner['id']}", expect=204)
        await api.ask("DELETE", f"/contacts/{inner['id']}", expect=404)
    async with mail_server() as mailbox, here.connector(smtp_host="127.0.0.1", smtp_port=mailbox.port) as api:
        for address in ("ann", "ann@example.com, bob@example.com", "Ann <ann@example.com>", "ann@example.com\nBcc: all@example.com"):
            refused = await api.post("/contacts", {"name": "Ann", "channel": "email", "address": address}, expect=422)
            assert refused["fields"][0]["field"] == "address", address


async def test_a_credential_near_its_end_and_a_tray_are_told(here: World) -> None:
    """Each threshold anew; a tray once, and again after it was empty."""
    async with here.connector() as api:
        await launched(api, here)
        parts = api.http._transport.app.state.parts  # type: ignore[attr-defined]
        async with parts.units.begin() as unit:
            await unit.session.execute(update(CREDENTIALS).values(expires_at=now() + timedelta(days=20)))
        await newly_near(parts.units, now())
        await newly_near(parts.units, now())
        await newly_near(parts.units, now() + timedelta(days=14))
        near = await notices(api, kind="credential_expiring")
        assert [(one["closed_by"], one["count"]) for one in near] == [(None, 1), ("resolved", 1)]
        cause = Cause(kind="run", id=str(new_id()), actor="sync", detail="Sophos")
        tray = {"saas_instance_id": new_id(), "record_type": "saas_user", "kind": "missing", "records": 12, "cause": cause}
        event = RecordsWithheld(**tray, window="24 h", limit=5, living=100, before=0)
        message = Message(event.id, event.topic, event.key, encode(event))
        await here.bus.publish([message])
        await here.bus.publish([message])
        (told,) = await notices(api, kind="records_withheld")
        assert "12 records" in told["message"]


async def test_a_tray_that_is_empty_closes_its_notice(here: World) -> None:
    """Somebody decided, or the users came back: what nobody has to look at any more must not stay in the list; and it says why."""
    instance = new_id()
    async with here.connector() as api:
        await _told(here, _withheld(instance, 1), _withheld(instance, 1))
        await _told(here, _withheld(new_id(), 1))
        assert len(await notices(api, open=True)) == 2
        await _told(here, _emptied(instance, 1), _emptied(instance, 1))
        (closed,) = await notices(api, open=False)
        assert (closed["closed_by"], closed["count"]) == ("resolved", 1)
        assert closed["details"]["over"] == "The tray is empty: 3 losses were released, 2 discarded, and 7 stood no longer."
        await _told(here, _withheld(instance, 2))
        assert len(await notices(api, open=True)) == 2, "the next tray is told anew"


async def test_what_is_heard_of_trays_in_another_order_comes_to_the_same(here: World) -> None:
    """A dead letter that is replayed days later must neither open what is over, nor close what has come since."""
    instance = new_id()
    async with here.connector() as api:
        await _told(here, _emptied(instance, 1))
        await _told(here, _withheld(instance, 1))
        assert await notices(api, open=True) == []
        await _told(here, _withheld(instance, 3))
        await _told(here, _emptied(instance, 2))
        await _told(here, _withheld(instance, 2))
        (one,) = await notices(api, open=True)
        assert one["details"]["tray"] == 3
        await api.post(f"/notices/{one['id']}/read")
        await _told(here, _emptied(instance, 3))
        (read,) = [each for each in await notices(api) if each["id"] == one["id"]]
        assert (read["closed_by"], "over" in read["details"]) == ("ann@example.com", True)


async def test_a_notice_of_before_trays_were_counted_is_closed_too(here: World) -> None:
    """An upgrade must not leave open for ever what was told before it."""
    instance = new_id()
    async with here.connector() as api:
        await _told(here, _withheld(instance, 0))
        await _told(here, _emptied(instance, 1))
        (closed,) = await notices(api)
        assert closed["closed_by"] == "resolved"


def _withheld(instance: UUID, tray: int) -> RecordsWithheld:
    cause = Cause(kind="run", id=str(new_id()), actor="sync", detail="Sophos")
    losses = {"record_type": "saas_user", "kind": "missing", "records": 12, "cause": cause}
    return RecordsWithheld(saas_instance_id=instance, tray=tray, **losses, window="24 h", limit=5, living=100, before=0)


def _emptied(instance: UUID, tray: int) -> TrayEmptied:
    return TrayEmptied(saas_instance_id=instance, tray=tray, released=3, discarded=2, moot=7)


async def _told(here: World, *events: Event) -> None:
    for event in events:
        await here.bus.publish([Message(event.id, event.topic, event.key, encode(event))])
