"""Builders of what the mapper hears, and a mapper to tell it to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr
from sqlalchemy import select

import mapper.service
from mapper.settings import MapperSettings
from mapper.tables import OUTBOX, SCHEMA
from shared.bus.in_process import InProcessBus
from shared.bus.port import Consumer, Message, RetryPolicy
from shared.bus.spool import Spool
from shared.clock import now
from shared.config import CommonSettings
from shared.db.engine import Database
from shared.events import ListingCompleted, ProofOfAbsence, Provenance, UsersObserved, UsersProvenAbsent
from shared.events.base import Event
from shared.events.cloudevents import decode, encode
from shared.http.service_tokens import ServiceTokens
from shared.unit import Units
from tests.support.migrated import migrated

KEY = SecretStr("k" * 40)
TOLD = frozenset(
    {
        "sync.page.applied.v1",
        "sync.absence.suspected.v1",
        "sync.absence.applied.v1",
        "records.changed.v1",
        "records.changes.applied.v1",
        "records.withheld.v1",
        "records.tray.emptied.v1",
    }
)

MAPPING = {
    "targets": {
        "username": {"kind": "source", "path": ["email"]},
        "email": {"kind": "source", "path": ["email"]},
        "full_name": {"kind": "source", "path": ["name"]},
        "source_type": {"kind": "source", "path": ["source", "type"]},
        "synced_at": {"kind": "sync_time"},
        "tenant_id": {"kind": "input", "key": "tenant_id"},
        "role": {"kind": "constant", "value": "Employee"},
    },
    "sync_keys": ["email"],
}


def source_user(number: int, **changes: Any) -> dict[str, Any]:
    """Return a raw Sophos user; a change to None removes the key."""
    user = {
        "id": str(UUID(int=number)),
        "name": f"Żoë {number}",
        "email": f"zoe.{number}@example.com",
        "source": {"type": "custom"},
        "updatedAt": "2026-02-03T06:18:32.457Z",
    }
    return {key: value for key, value in {**user, **changes}.items() if value is not None}


@dataclass
class Mapper:
    """A running mapper: publish to it, ask it, and read what it told."""

    bus: InProcessBus
    http: httpx.AsyncClient
    database: Database
    units: Units
    told: list[Event] = field(default_factory=list)
    integration_id: UUID = field(default_factory=uuid4)
    saas_instance_id: UUID | None = None
    preference: str = "create_and_update"
    run_id: UUID = field(default_factory=uuid4)

    def provenance(self, **changes: Any) -> Provenance:
        """Return where observations come from."""
        values = {
            "integration_id": self.integration_id,
            "integration_name": "Sophos users",
            "provider": "sophos-users",
            "run_id": self.run_id,
            "initial": False,
            "user_selection": "user_plus_saas_user" if self.saas_instance_id else "user_only",
            "preference": self.preference,
            "saas_instance_id": self.saas_instance_id,
            "integration_user": "sophos-integration",
            "credential_name": "Sophos Central",
            "inputs": {"tenant_id": "tenant-1"},
        }
        return Provenance.model_validate({**values, **changes})

    async def ready(self, **mapping: Any) -> "Mapper":
        """Store a mapping and find a SaaS instance."""
        instance = await self.call("POST", "/saas-instances", json={"application": "Sophos Endpoint Security"})
        self.saas_instance_id = UUID(instance["id"])
        await self.call("PUT", f"/integrations/{self.integration_id}/mapping", json={**MAPPING, **mapping})
        return self

    async def observe(self, records: Sequence[dict[str, Any]], *, page: int = 1, part: str = "", **changes: Any) -> dict[str, int]:
        """Tell the mapper a page; return the counts that it answers."""
        await self.publish(self.page(records, page=page, part=part, **changes))
        return dict(self.last("sync.page.applied.v1").model_dump()["counts"])

    def page(self, records: Sequence[dict[str, Any]], *, page: int = 1, part: str = "", **changes: Any) -> UsersObserved:
        """Return a page of observations."""
        return UsersObserved(
            provenance=self.provenance(**changes),
            page=page,
            part=part,
            fetched_at=now(),
            source_ids=[record["id"] for record in records],
            records=list(records),
        )

    def listing(self, records: int, *parts: str, **changes: Any) -> ListingCompleted:
        """Return the end of a listing, of some parts of the source or of one without parts."""
        return ListingCompleted(provenance=self.provenance(**changes), pages=1, records=records, parts=list(parts) or [""])

    def absent(self, *source_ids: str, status: int = 404) -> UsersProvenAbsent:
        """Return proofs of absence."""
        asked = "GET /common/v1/directory/users/{id}"
        proofs = [ProofOfAbsence(source_id=source_id, asked=asked, status=status, asked_at=now()) for source_id in source_ids]
        return UsersProvenAbsent(provenance=self.provenance(), proofs=proofs)

    async def publish(self, *events: Event) -> None:
        """Tell the mapper events, and wait until its answers have left."""
        await self.bus.publish([Message(event.id, event.topic, event.key, encode(event)) for event in events])
        await self.drain()

    async def drain(self) -> None:
        """Wait until everything that the mapper recorded has been told."""
        async with asyncio.timeout(20):
            while await self._waiting():  # noqa: ASYNC110 - the relay tells nobody when it is done
                await asyncio.sleep(0.005)

    async def _waiting(self) -> bool:
        async with self.database.reading() as session:
            return await session.scalar(select(OUTBOX.c.position).limit(1)) is not None

    def last(self, topic: str) -> Any:
        """Return the newest event of a topic."""
        return next(event for event in reversed(self.told) if event.topic == topic)

    def of(self, topic: str) -> list[Any]:
        """Return every event of a topic."""
        return [event for event in self.told if event.topic == topic]

    async def call(self, method: str, path: str, *, expect: int | None = None, **more: Any) -> Any:
        """Call the internal API; return the JSON answer."""
        response = await self.answer(method, path, **more)
        assert response.status_code == expect if expect else response.is_success, response.text
        return response.json() if response.content else None

    async def map(self, **targets: Any) -> None:
        """Store the usual mapping with other or more targets."""
        mapping = {**MAPPING, "targets": {**MAPPING["targets"], **targets}}  # type: ignore[dict-item]
        await self.call("PUT", f"/integrations/{self.integration_id}/mapping", json=mapping)

    async def timeline(self, person_id: str) -> list[dict[str, Any]]:
        """Return what happened to a person."""
        return list((await self.call("GET", f"/people/{person_id}/timeline"))["items"])

    async def answer(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Call the internal API; return the answer, whatever it is."""
        token = ServiceTokens(KEY, "api-gateway").sign("mapper", "admin")
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return await self.http.request(method, f"/internal{path}", headers=headers, **more)

    async def people(self, **params: Any) -> list[dict[str, Any]]:
        """Return up to 500 People."""
        return list((await self.call("GET", "/people", params={"limit": 500, **params}))["items"])

    async def saas_users(self, **params: Any) -> list[dict[str, Any]]:
        """Return up to 500 SaaS users."""
        return list((await self.call("GET", "/saas-users", params={"limit": 500, **params}))["items"])


@asynccontextmanager
async def running_mapper(url: SecretStr, spool: Path, *, time_zone: str = "UTC", **more: Any) -> AsyncIterator[Mapper]:
    """Give a mapper on a migrated database, with somebody who hears all that it tells."""
    await migrated(url, SCHEMA)
    bus = InProcessBus(Spool(spool), retry=RetryPolicy(first=0.001, longest=0.01))
    told: list[Event] = []

    async def hear(message: Message) -> None:
        told.append(decode(message.body))

    common = CommonSettings(service_key=KEY, time_zone=time_zone)
    # What a run may rewrite before it is held back has tests of its own.
    settings = MapperSettings(database_url=url, outbox_poll=0.01, **{"rewrite_probation_records": 1_000_000, **more})
    listener = Consumer(service="test", name="listener", topics=TOLD, handle=hear)
    # Nobody answers where a workflow engine would: a mapper works without one.
    nobody = httpx.AsyncClient(transport=httpx.MockTransport(_refused), base_url="http://workflow-engine")
    async with nobody, bus.consuming([listener]), mapper.service.running(settings, common, bus, workflow_engine=nobody) as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mapper") as http:
            yield Mapper(bus, http, app.state.parts.database, app.state.parts.units, told)


def _refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is here", request=request)
