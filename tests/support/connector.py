"""A connector at work against the simulator, with a small mapper that answers by the contracts."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
from pydantic import SecretStr

from connector.rates.waiting import REAL_TIME, Timing
from connector.service import running
from connector.settings import ConnectorSettings
from connector.tables import SCHEMA
from shared.api.runs import ENDED
from shared.bus.in_process import InProcessBus
from shared.bus.port import Consumer, Message, RetryPolicy
from shared.bus.spool import Spool
from shared.config import CommonSettings
from shared.db.migrate import upgrade
from shared.events import (
    AbsenceApplied,
    AbsenceSuspected,
    Event,
    IntegrationDeleted,
    ListingCompleted,
    PageApplied,
    PageCounts,
    Rejection,
    RunFinished,
    UsersObserved,
    UsersProvenAbsent,
)
from shared.events.cloudevents import decode, encode
from shared.http.service_tokens import ServiceTokens
from shared.ids import new_id
from sophos_central_simulator.server import Running, serving
from sophos_central_simulator.settings import SimulatorSettings
from sophos_central_simulator.tenants import Tenant

SERVICE_KEY = SecretStr("a key that only these tests know, long enough")
ENCRYPTION_KEY = SecretStr(b64encode(bytes(range(32))).decode())
ACTOR = "ann@example.com"
Json = dict[str, Any]


@dataclass
class SmallMapper:
    """Hears what the connector tells, remembers it, and answers as the mapper does. Its HTTP side has few routes."""

    bus: InProcessBus
    linked: dict[str, Json] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    parts: dict[str, str] = field(default_factory=dict)
    """Of each user, the part of the source in which they were observed last."""
    withhold: set[str] = field(default_factory=set)
    """Users whose absence the guard withholds."""
    heard: list[Event] = field(default_factory=list)
    gaps: list[Json] = field(default_factory=list)
    checked: list[Json] = field(default_factory=list)
    """What it was asked to check."""
    findings: list[Json] = field(default_factory=list)
    """What it finds in each check."""
    also_suspect: list[str] = field(default_factory=list)
    reject: Callable[[str], bool] = field(default=lambda _source_id: False)
    held_values: int = 0
    """Of each page: values that are not written."""
    lose: int = 0
    """How many records of each page it fails to account for."""
    hold: asyncio.Event | None = None
    """While it is not set, pages are not taken."""
    instance_id: UUID = field(default_factory=new_id)
    instances: int = 1
    mappings: dict[str, Json] = field(default_factory=dict)
    """By integration."""
    stores_mappings: bool = True
    withhold_leave: bool = False
    """Whether the guard says no to whoever wants to destroy a user."""
    answers_leave: bool = True
    leave_asked: list[Json] = field(default_factory=list)
    leave_back: list[Json] = field(default_factory=list)
    _shown: dict[UUID, set[str]] = field(default_factory=dict)
    _answers: dict[UUID, Event | None] = field(default_factory=dict)

    def of(self, kind: type[Any]) -> list[Any]:
        """Return what was heard of one kind; a repeat counts once."""
        return [event for event in self.heard if isinstance(event, kind)]

    def consumer(self) -> Consumer:
        """Return its consumer."""
        topics = frozenset(kind.topic for kind in (UsersObserved, ListingCompleted, UsersProvenAbsent, RunFinished, IntegrationDeleted))
        return Consumer("mapper", "test", topics, self._hear)

    def transport(self) -> httpx.MockTransport:
        """Return its HTTP side."""
        return httpx.MockTransport(self._answer)

    async def _hear(self, message: Message) -> None:
        event = decode(message.body)
        if event.id not in self._answers:
            if isinstance(event, UsersObserved) and self.hold is not None:
                await self.hold.wait()
            self.heard.append(event)
            answer = self._say(event)
            self._answers[event.id] = None if answer is None else answer.caused_by(event.correlation_id or event.id, event.id)
        # Told again when it was not taken the first time, as an outbox does.
        if (told := self._answers[event.id]) is not None:
            await self.bus.publish([Message(told.id, told.topic, told.key, encode(told))])

    def _say(self, event: Event) -> Event | None:
        match event:
            case UsersObserved():
                return self._apply(event)
            case ListingCompleted():
                run_id = event.provenance.run_id
                unseen = set(self.linked) - self._shown.get(run_id, set())
                absent = sorted(one for one in unseen if self.parts[one] in event.parts) + self.also_suspect
                suspects = {"source_ids": absent, "parts": [self.parts.get(one, "") for one in absent]}
                return AbsenceSuspected(integration_id=event.provenance.integration_id, run_id=run_id, **suspects)
            case UsersProvenAbsent():
                proven = {proof.source_id for proof in event.proofs}
                proven -= self.withhold
                newly = len(proven - self.missing)
                self.missing |= proven
                run_id, integration_id = event.provenance.run_id, event.provenance.integration_id
                withheld = len(event.proofs) - len(proven)
                counts = {"missing": len(proven), "newly_missing": newly, "withheld": withheld}
                return AbsenceApplied(integration_id=integration_id, run_id=run_id, **counts)
            case _:
                return None

    def _apply(self, event: UsersObserved) -> PageApplied:
        counts: dict[str, int] = {"added": 0, "updated": 0, "unchanged": 0, "failed": 0}
        rejections = []
        for source_id, record in list(zip(event.source_ids, event.records, strict=True))[self.lose :]:
            self._shown.setdefault(event.provenance.run_id, set()).add(source_id)
            self.parts[source_id] = event.part
            if self.reject(source_id):
                counts["failed"] += 1
                rejections.append(Rejection(source_id=source_id, code="no_email", message="there is no e-mail", record=record))
                continue
            was = self.linked.get(source_id)
            counts["added" if was is None else "unchanged" if was == record else "updated"] += 1
            self.linked[source_id] = record
        provenance = event.provenance
        return PageApplied(
            integration_id=provenance.integration_id,
            run_id=provenance.run_id,
            page=event.page,
            counts=PageCounts(**counts),
            held_values=self.held_values,
            rejections=rejections,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        instance = {"id": str(self.instance_id), "application": "Sophos Endpoint Security", "name": "Sophos", "users": 0}
        instance |= {"application_id": str(self.instance_id)}
        instance["created_at"] = "2026-01-01T00:00:00Z"
        if request.url.path.startswith("/internal/guard/leave/"):
            return self._leave(request)
        if request.url.path.endswith(("/mapping", "/mapping/check")):
            return self._check(request) if request.url.path.endswith("/check") else self._mapping(request)
        if request.url.path.endswith("/mapping/readiness"):
            return httpx.Response(200, json={"missing": self.gaps})
        if request.url.path == "/internal/saas-instances" and self.instances == 1:
            return httpx.Response(200, json=instance if request.method == "POST" else {"items": [instance]})
        if request.url.path == "/internal/saas-instances":
            return httpx.Response(409, json={"code": "several_saas_instances", "detail": "there are two"})
        return httpx.Response(200, json={"state": "alive"})

    def _leave(self, request: httpx.Request) -> httpx.Response:
        given = orjson.loads(request.content)
        if not self.answers_leave:
            raise httpx.ConnectError("the mapper is away")
        if request.url.path.endswith("/back"):
            self.leave_back += given["leaves"]
            return httpx.Response(204)
        self.leave_asked.append(given)
        if self.withhold_leave:
            return httpx.Response(200, json={"outcome": "withheld", "message": "too many losses"})
        return httpx.Response(200, json={"outcome": "allowed", "leaves": [{"key": given["key"], "record_id": str(new_id())}]})

    def _check(self, request: httpx.Request) -> httpx.Response:
        self.checked.append(orjson.loads(request.content))
        records = len(self.checked[-1]["records"])
        counted = {"records": records, "actions": {"create": records}, "examples": {}}
        return httpx.Response(200, json={"scope": "page", "mapping_version": 1, **counted, "findings": self.findings, "launchable": True})

    def _mapping(self, request: httpx.Request) -> httpx.Response:
        integration_id = request.url.path.split("/")[-2]
        if request.method == "PUT" and not self.stores_mappings:
            return httpx.Response(409, json={"code": "mapping_changed", "detail": "somebody else was faster"})
        if request.method == "PUT":
            self.mappings[integration_id] = orjson.loads(request.content)
        stored = self.mappings.get(integration_id)
        about = {"integration_id": integration_id, "version": int(stored is not None), "author": None, "created_at": None}
        return httpx.Response(200, json={**(stored or {"targets": {}, "sync_keys": []}), **about})


@dataclass
class SmallEngine:
    """Answers as the workflow engine does: which active workflow uses which variable and credential. None: it does not answer."""

    uses: list[tuple[str, str]] | None = field(default_factory=list)
    credential_uses: list[tuple[str, str]] = field(default_factory=list)

    def transport(self) -> httpx.MockTransport:
        """Return its HTTP side."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.uses is None:
            raise httpx.ConnectError("nobody there", request=request)
        if request.url.path == "/internal/credential-uses":
            items = [{"workflow": workflow, "credential_id": credential_id} for workflow, credential_id in self.credential_uses]
            return httpx.Response(200, json={"items": items})
        return httpx.Response(200, json={"items": [{"workflow": workflow, "variable": variable} for workflow, variable in self.uses]})


@dataclass
class Api:
    """The connector's internal API, called as the gateway does."""

    http: httpx.AsyncClient
    answers: list[str] = field(default_factory=list)
    """Every body that came back, for what must never be in one."""

    async def ask(self, method: str, path: str, body: Json | None = None, *, expect: int | None = None, **params: Any) -> Any:
        """Return the answer's JSON; its status must be `expect`, or any success."""
        response = await self.http.request(method, f"/internal{path}", json=body, params=params)
        self.answers.append(response.text)
        assert response.is_success if expect is None else response.status_code == expect, (response.status_code, response.text)
        return response.json() if response.content else None

    async def get(self, path: str, **params: Any) -> Any:
        """GET."""
        return await self.ask("GET", path, **params)

    async def post(self, path: str, body: Json | None = None, *, expect: int | None = None) -> Any:
        """POST."""
        return await self.ask("POST", path, body, expect=expect)


@dataclass
class World:
    """The simulator, a tenant in it, a bus with the small mapper on it, and settings for connectors."""

    simulator: Running
    tenant: Tenant
    bus: InProcessBus
    mapper: SmallMapper
    settings: ConnectorSettings
    common: CommonSettings
    directory: Path
    engine: SmallEngine = field(default_factory=SmallEngine)
    timing: Timing = REAL_TIME
    """By which time connectors keep the source's limits."""

    @asynccontextmanager
    async def connector(self, **changes: Any) -> AsyncIterator[Api]:
        """Run a connector inside the block."""
        async with AsyncExitStack() as stack:
            to_mapper = httpx.AsyncClient(transport=self.mapper.transport(), base_url="http://mapper")
            await stack.enter_async_context(to_mapper)
            settings = self.settings.model_copy(update=changes)
            to_engine = httpx.AsyncClient(transport=self.engine.transport(), base_url="http://workflow-engine")
            await stack.enter_async_context(to_engine)
            services = {"mapper": to_mapper, "workflow_engine": to_engine}
            app = await stack.enter_async_context(running(settings, self.common, self.bus, **services, timing=self.timing))
            token = ServiceTokens(SERVICE_KEY, "api-gateway").sign("connector", ACTOR)
            http = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://connector", headers={"Authorization": f"Bearer {token}"}, timeout=60
            )
            yield Api(await stack.enter_async_context(http))

    def source(self, source_id: str) -> Json:
        """Return a user as Sophos has them."""
        return self.tenant.directory.users[source_id]

    def custom(self) -> list[str]:
        """Return the ids of users who may be deleted."""
        return [key for key, user in self.tenant.directory.users.items() if user["source"]["type"] == "custom" and user.get("email")]

    def synced(self) -> list[str]:
        """Return the ids of users who come from Active Directory."""
        return [key for key, user in self.tenant.directory.users.items() if user["source"]["type"] == "activeDirectory"]


@asynccontextmanager
async def world(database_url: SecretStr, directory: Path, *, users: int = 250, **settings: Any) -> AsyncIterator[World]:
    """Give a world whose connector database is migrated. Pauses between tries are too short to notice."""
    await upgrade(database_url, SCHEMA)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(serving(SimulatorSettings(port=0, control_token=SecretStr(secrets.token_hex(16)))))
        tenant = simulator.app.state.tenants.create(seed=7, users=users, awkward=False, email_domain="example.com", endpoints=20)
        # The small mapper has no outbox: it is patient instead while the connector is away, between two starts.
        bus = InProcessBus(Spool(directory / "dead"), retry=RetryPolicy(first=0.01, longest=0.05, attempts=200))
        mapper = SmallMapper(bus)
        await stack.enter_async_context(bus.consuming([mapper.consumer()]))
        yield World(
            simulator=simulator,
            tenant=tenant,
            bus=bus,
            mapper=mapper,
            settings=connector_settings(database_url, simulator.url, **settings),
            common=CommonSettings(service_key=SERVICE_KEY, data_dir=directory),
            directory=directory,
        )


def connector_settings(database_url: SecretStr, source_url: str = "https://api.central.sophos.com", **changes: Any) -> ConnectorSettings:
    """Return settings that do not keep a test waiting."""
    given: Json = {
        "database_url": database_url,
        "encryption_key": ENCRYPTION_KEY,
        "sophos_id_url": source_url,
        "sophos_global_url": source_url,
        "retry_first_seconds": 0.01,
        "retry_longest_seconds": 0.05,
        "read_back_seconds": 0.3,
        "worker_poll": 0.02,
        "outbox_poll": 0.02,
        # Limits have tests of their own; a simulator on this machine may be asked as fast as it answers.
        "rate_policy": "off" if source_url.startswith("http://127.0.0.1") else "enforced",
    }
    return ConnectorSettings(**{**given, **changes})


async def store_access(api: Api, tenant: Tenant, source_url: str, *, secret: str | None = None) -> str:
    """Store the tenant's credential and the two variables; return the credential's id."""
    given = {"name": "Sophos API", "client_id": tenant.client_id, "client_secret": secret or tenant.client_secret}
    credential = await api.post("/credentials", given)
    await api.post("/variables", {"name": "Sophos.Tenant ID", "value": tenant.id})
    await api.post("/variables", {"name": "Sophos.Data Region", "value": source_url})
    return str(credential["id"])


INPUTS = {"tenant_id": {"variable": "Sophos.Tenant ID"}, "data_region": {"variable": "Sophos.Data Region"}}


async def drafted_completely(api: Api, here: World) -> str:
    """Store everything an integration needs; return its path. It is a draft that only waits to be launched."""
    credential_id = await store_access(api, here.tenant, here.simulator.url)
    integration = await api.post("/integrations", {"provider": "sophos-users", "name": "Sophos Endpoint Security users"})
    path = f"/integrations/{integration['id']}"
    details = {"user_selection": "user_plus_saas_user", "integration_user": "sync@example.com", "credential_id": credential_id}
    await api.ask("PATCH", path, {**details, "inputs": INPUTS})
    return path


async def launched(api: Api, here: World, *, secret: str | None = None) -> str:
    """Store everything an integration needs, launch it, and return its id. A `secret` takes the place of the good one afterwards.

    A launch looks at a page of the source. What it asked, and that it signed in, is forgotten, and faults wait for it: tests
    are about what comes after.
    """
    path = await drafted_completely(api, here)
    waiting, here.tenant.faults[:] = list(here.tenant.faults), []
    active = await api.post(f"{path}/launch")
    secrets_of_it = {"client_secret": secret or here.tenant.client_secret}
    await api.ask("PUT", f"/credentials/{active['credential_id']}/secret", {"secrets": secrets_of_it})
    here.tenant.counts.clear()
    here.tenant.faults[:] = waiting
    return str(active["id"])


async def run(api: Api, integration_id: str, seconds: float = 30) -> Json:
    """Run an integration and return the run once it has ended."""
    queued = await api.post(f"/integrations/{integration_id}/runs", expect=202)
    return await ended(api, queued["id"], seconds)


async def ended(api: Api, run_id: str, seconds: float = 30) -> Json:
    """Return a run once it has ended."""

    async def look() -> Json | None:
        shown: Json = await api.get(f"/runs/{run_id}")
        return shown if shown["state"] in ENDED else None

    return await eventually(look, seconds)


async def told(mapper: SmallMapper, kind: type[Any]) -> Any:
    """Return the latest event of a kind, once there is one: events leave a moment after what they tell was stored."""

    async def look() -> Json | None:
        return {"heard": mapper.of(kind)[-1]} if mapper.of(kind) else None

    return (await eventually(look))["heard"]


async def eventually(look: Callable[[], Awaitable[Json | None]], seconds: float = 30) -> Json:
    """Return what `look` finds, as soon as it finds something."""
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.02)
    return found


def everything_told(mapper: SmallMapper) -> bytes:
    """Return every event as it travelled."""
    return b"\n".join(encode(event) for event in mapper.heard) + orjson.dumps(len(mapper.heard))
