"""The workflow engine at work between a connector and a mapper that keep to the contract, and nothing more."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from pydantic import SecretStr, TypeAdapter

from mapper.fields.builtin import BUILTIN
from shared.api.fields import FieldOut
from shared.api.guard import LeaveAnswer, LeaveBackIn, LeaveGiven, LeaveIn, LeaveOut
from shared.api.records import FlatRecord, RecordQuery
from shared.api.sources import InputField, OperationIn, OperationOut, Preset, ProviderOut
from shared.bus.in_process import InProcessBus
from shared.bus.port import Consumer, Message
from shared.bus.spool import Spool
from shared.config import CommonSettings
from shared.events import RecordChangeAnswer, RecordChangesApplied, RecordChangesRequested, WorkflowRunsEnded
from shared.events.base import Event
from shared.events.cloudevents import decode, encode
from shared.events.records import RecordType
from shared.http.app import create_app
from shared.http.paging import Page, encode_cursor, id_in
from shared.http.service_tokens import ServiceTokens
from shared.ids import new_id
from shared.rules import Rule, matches
from tests.support.migrated import migrated
from tests.support.rules import NOON
from workflow_engine.service import running
from workflow_engine.settings import WorkflowEngineSettings
from workflow_engine.tables import SCHEMA

KEY = SecretStr("k" * 40)
CREDENTIAL = str(new_id())
INPUTS = {"tenant_id": {"variable": "Sophos.Tenant ID"}, "data_region": {"variable": "Sophos.Data Region"}}
RULES: TypeAdapter[Any] = TypeAdapter(Rule)


@dataclass
class Directory:
    """A source, and what the connector remembers of operations. Same key, same answer: it never acts twice."""

    users: dict[str, str] = field(default_factory=dict)
    """Source id to e-mail."""
    synced: set[str] = field(default_factory=set)
    calls: list[tuple[str, str, OperationIn]] = field(default_factory=list)
    deletions: Counter[str] = field(default_factory=Counter)
    answers: dict[str, OperationOut] = field(default_factory=dict)
    before: Callable[[str, OperationIn], Awaitable[OperationOut | None]] | None = None
    """What a test does instead of, or before, an operation."""

    async def operate(self, name: str, given: OperationIn) -> OperationOut:
        """Do one operation."""
        self.calls.append((name, given.idempotency_key, given))
        instead = await self.before(name, given) if self.before is not None else None
        if instead is not None:
            return instead
        if given.idempotency_key not in self.answers:
            self.answers[given.idempotency_key] = self._look(given) if name == "lookup-users" else self._delete(given)
        return self.answers[given.idempotency_key]

    def called(self, name: str) -> list[OperationIn]:
        """Return the calls of one operation."""
        return [given for operation, _key, given in self.calls if operation == name]

    def _look(self, given: OperationIn) -> OperationOut:
        ids = given.arguments["source_ids"]
        assert len(ids) <= 500
        found = [{"source_id": one, "email": self.users[one], "roles": ["User"]} for one in ids if one in self.users]
        absent = [proof(one) for one in ids if one not in self.users]
        return OperationOut(outcome="done", message="looked", result={"found": found, "absent": absent, "unknown": []})

    def _delete(self, given: OperationIn) -> OperationOut:
        source_id = given.arguments["source_id"]
        if source_id in self.synced:
            return OperationOut(
                outcome="refused",
                code="directory_synced",
                message="Sophos refuses to delete a user that comes from a directory",
                remedy="Remove the user in Active Directory.",
                evidence={"answer": {"status": 409}},
            )
        self.deletions[source_id] += 1
        self.users.pop(source_id, None)
        return OperationOut(outcome="done", message="deleted", evidence={"read_back": {"status": 404}})


def proof(source_id: str, status: int = 404) -> dict[str, Any]:
    """Return the proof that a user is not there."""
    return {"source_id": source_id, "asked": f"GET /users/{source_id}", "status": status, "asked_at": "2025-06-01T12:00:00Z"}


@dataclass
class Records:
    """The mapper's SaaS users, and its answers to requested changes."""

    rows: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)
    queries: list[RecordQuery] = field(default_factory=list)
    ended: list[WorkflowRunsEnded] = field(default_factory=list)
    correlations: set[UUID | None] = field(default_factory=set)
    refuse: set[UUID] = field(default_factory=set)
    withhold: set[UUID] = field(default_factory=set)
    asked: list[LeaveIn] = field(default_factory=list)
    given_back: list[LeaveGiven] = field(default_factory=list)

    def add(self, source_id: str | None, **fields: Any) -> UUID:
        """Add a SaaS user."""
        record_id = new_id()
        email = f"{source_id}@example.com"
        self.rows[record_id] = {"source_id": source_id, "email": email, "to_be_deleted": False, "deleted_in_source_at": None, **fields}
        return record_id

    def query(self, query: RecordQuery) -> Page[FlatRecord]:
        """Answer a query, by id."""
        self.queries.append(query)
        rule = None if query.rule is None else RULES.validate_python(query.rule)
        after = id_in(query.cursor) if query.cursor else UUID(int=0)
        ids = sorted(self.rows if query.ids is None else set(query.ids) & self.rows.keys())
        fitting = [one for one in ids if one > after and (rule is None or matches(rule, self.rows[one], NOON))]
        shown = fitting[: query.limit]
        more = encode_cursor([str(shown[-1])]) if len(fitting) > len(shown) else None
        return Page(items=[FlatRecord(id=one, revision=1, fields=self.rows[one]) for one in shown], next_cursor=more)

    def answer(self, event: RecordChangesRequested) -> RecordChangesApplied:
        """Make the changes and answer each request."""
        self.requests += event.requests
        self.correlations.add(event.correlation_id)
        answers = []
        for request in event.requests:
            if request.record_id in self.refuse:
                told = RecordChangeAnswer(
                    step_id=request.step_id, record_id=request.record_id, outcome="refused", code="locked", message="the record is locked"
                )
            else:
                self._change(request)
                told = RecordChangeAnswer(step_id=request.step_id, record_id=request.record_id, outcome="applied")
            answers.append(told)
        return RecordChangesApplied(answers=answers, causation_id=event.id, correlation_id=event.correlation_id)

    def leave(self, given: LeaveIn) -> LeaveOut:
        """Give leave, but to those who are to be withheld: as the mapper does, for all that ask together or for none."""
        self.asked.append(given)
        stopped = any(ask.record_id in self.withhold for ask in given.asks)
        answer: dict[str, Any] = (
            {"outcome": "withheld", "message": "too many losses", "remedy": "Release it."} if stopped else {"outcome": "allowed"}
        )
        return LeaveOut(answers=[LeaveAnswer(key=ask.key, **answer) for ask in given.asks if ask.record_id in self.rows])

    def _change(self, request: Any) -> None:
        row = self.rows[request.record_id]
        match request.action:
            case "set_roles":
                row["roles"] = request.roles
            case "deactivate":
                row["deactivated"] = True
            case "mark_deleted_in_source":
                row["deleted_in_source_at"] = "2025-06-01T12:00:00Z"


@dataclass
class Stage:
    """Everything around one engine, or several on the same database."""

    url: SecretStr
    bus: InProcessBus
    directory: Directory
    records: Records
    connector: httpx.AsyncClient
    mapper: httpx.AsyncClient
    deaf: bool = False
    """The mapper does not answer requests for changes."""

    def settings(self, **more: Any) -> WorkflowEngineSettings:
        """Return settings that do not keep a test waiting."""
        quick: dict[str, Any] = {
            "worker_poll": 0.05,
            "outbox_poll": 0.05,
            "retry_first_seconds": 0.02,
            "max_attempts": 5,
            "lease_seconds": 2,
            "stop_seconds": 1,
        }
        return WorkflowEngineSettings(database_url=self.url, **{**quick, **more})

    @asynccontextmanager
    async def engine(self, **more: Any) -> AsyncIterator["Engine"]:
        """Run an engine inside the block."""
        common = CommonSettings(service_key=KEY)
        async with (
            running(self.settings(**more), common, self.bus, connector=self.connector, mapper=self.mapper) as app,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://workflow-engine") as http,
        ):
            yield Engine(app, http, self)

    async def tell(self, event: Event) -> None:
        """Put an event on the bus."""
        await self.bus.publish([Message(id=event.id, topic=event.topic, key=event.key, body=encode(event))])


@dataclass
class Engine:
    """A running engine, called as the gateway calls it."""

    app: FastAPI
    http: httpx.AsyncClient
    stage: Stage

    async def call(self, method: str, path: str, body: Any = None, *, status: int | None = None, **params: Any) -> Any:
        """Return the answer; without `status` it must be a success."""
        token = ServiceTokens(KEY, "api-gateway").sign("workflow-engine", "ada")
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.http.request(method, f"/internal{path}", json=body, params=params, headers=headers)
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer.json()

    async def activated(self, definition: dict[str, Any], *, name: str = "Offboarding") -> dict[str, Any]:
        """Store a workflow and activate it."""
        body = {"name": name, "object_type": "saas_user", "definition": definition}
        workflow = await self.call("POST", "/workflows", body)
        answer: dict[str, Any] = await self.call("POST", f"/workflows/{workflow['id']}/activate")
        return answer

    async def totals(self, workflow_id: str) -> dict[str, int]:
        """Return the workflow's run totals."""
        answer: dict[str, int] = await self.call("GET", f"/workflows/{workflow_id}/totals")
        return answer

    async def ended(self, workflow_id: str, count: int, *, seconds: float = 60) -> dict[str, int]:
        """Wait until so many runs exist and all are over; return the totals."""
        async with asyncio.timeout(seconds):
            while True:
                totals = await self.totals(workflow_id)
                if totals["running"] == 0 and sum(totals.values()) >= count:
                    return totals
                await asyncio.sleep(0.05)

    async def runs(self, workflow_id: str, **params: Any) -> list[dict[str, Any]]:
        """Return the workflow's runs with their steps."""
        page = await self.call("GET", f"/workflows/{workflow_id}/runs", **params)
        return [await self.call("GET", f"/workflow-runs/{run['id']}") for run in page["items"]]


def roles(*, deactivate: bool = True, rule: Any = None) -> dict[str, Any]:
    """Return the definition of the story's first workflow."""
    settings = {"preset": "sophos-saas-user-role", "credential_id": CREDENTIAL, "inputs": INPUTS, "deactivate_user": deactivate}
    return chain({"trigger": "manual", "rule": rule}, {"id": "work", "type": "saas_user_role_retrieval", "settings": settings})


def offboarding() -> dict[str, Any]:
    """Return the definition of the story's second workflow."""
    begin = {"trigger": "record_changed", "rule": {"field": "to_be_deleted", "operator": "equals", "value": True}}
    settings = {"preset": "sophos-delete-user", "credential_id": CREDENTIAL, "inputs": INPUTS}
    return chain(begin, {"id": "work", "type": "api_call", "name": "Sophos Delete User", "settings": settings})


def chain(begin: dict[str, Any], block: dict[str, Any]) -> dict[str, Any]:
    """Return Begin, one block and End; both exits lead to End."""
    return {
        "blocks": [{"id": "begin", "type": "begin", "settings": begin}, block, {"id": "end", "type": "end"}],
        "connections": [
            {"source": "begin", "target": block["id"]},
            {"source": block["id"], "target": "end"},
            {"source": block["id"], "exit": "failure", "target": "end"},
        ],
    }


@asynccontextmanager
async def staged(url: SecretStr, directory: Path) -> AsyncIterator[Stage]:
    """Migrate the database and give the stage; no engine runs yet."""
    await migrated(url, SCHEMA)
    source, records, bus = Directory(), Records(), InProcessBus(Spool(directory / "dead-letters"))
    async with AsyncExitStack() as stack:

        async def calling(app: FastAPI) -> httpx.AsyncClient:
            return await stack.enter_async_context(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://other"))

        stage = Stage(url, bus, source, records, await calling(connector_app(source)), await calling(mapper_app(records)))
        await stack.enter_async_context(bus.consuming(_others(stage)))
        yield stage


def _others(stage: Stage) -> list[Consumer]:
    async def requested(message: Message) -> None:
        event = decode(message.body)
        assert isinstance(event, RecordChangesRequested)
        if not stage.deaf:
            await stage.tell(stage.records.answer(event))

    async def over(message: Message) -> None:
        event = decode(message.body)
        assert isinstance(event, WorkflowRunsEnded)
        # As a service's inbox does: what arrives a second time, with the same id, changes nothing.
        if all(event.id != told.id for told in stage.records.ended):
            stage.records.ended.append(event)

    return [
        Consumer(service="mapper", name="requests", topics=frozenset({RecordChangesRequested.topic}), handle=requested, ordered=False),
        Consumer(service="gateway", name="live", topics=frozenset({WorkflowRunsEnded.topic}), handle=over),
    ]


def connector_app(directory: Directory) -> FastAPI:
    """Return a connector whose only source is the directory."""
    app = create_app(service="connector", title="connector", checks={}, metrics_token=None)

    @app.get("/internal/providers")
    async def providers() -> Page[ProviderOut]:
        return Page(items=[PROVIDER])

    @app.post("/internal/operations/{provider}/{operation}")
    async def operate(provider: str, operation: str, given: OperationIn) -> OperationOut:
        assert provider == PROVIDER.key
        return await directory.operate(operation, given)

    return app


def mapper_app(records: Records) -> FastAPI:
    """Return a mapper that knows these records."""
    app = create_app(service="mapper", title="mapper", checks={}, metrics_token=None)

    @app.post("/internal/records/{record_type}/query")
    async def query(record_type: str, given: RecordQuery) -> Page[FlatRecord]:
        assert record_type == "saas_user"
        return records.query(given)

    @app.get("/internal/fields")
    async def fields(object_type: RecordType) -> Page[FieldOut]:
        return Page(items=list(BUILTIN[object_type]))

    @app.post("/internal/guard/leave")
    async def leave(given: LeaveIn) -> LeaveOut:
        return records.leave(given)

    @app.post("/internal/guard/leave/back", status_code=204)
    async def leave_back(given: LeaveBackIn) -> None:
        records.given_back += given.leaves

    return app


def _preset(key: str, name: str, block: str, operation: str, *, destructive: bool) -> Preset:
    given = {"key": key, "name": name, "block": block, "operation": operation, "destructive": destructive}
    return Preset.model_validate({**given, "description": name, "inputs": ["tenant_id", "data_region"]})


PROVIDER = ProviderOut(
    key="sophos-users",
    name="Sophos",
    application="Sophos Endpoint Security",
    credential_kinds=["oauth2_client_credentials"],
    inputs=[
        InputField(key="tenant_id", label="Tenant ID", variable="Sophos.Tenant ID", description="tenant"),
        InputField(key="data_region", label="Data Region", variable="Sophos.Data Region", description="region"),
    ],
    source_fields=[],
    presets=[
        _preset("sophos-saas-user-role", "Sophos SaaS User Role", "saas_user_role_retrieval", "lookup-users", destructive=False),
        _preset("sophos-delete-user", "Sophos Delete User", "api_call", "delete-user", destructive=True),
        _preset("sophos-scan-endpoint", "Scan", "api_call", "scan-endpoint", destructive=False).model_copy(update={"in_workflows": False}),
    ],
)
