"""The services around a connector, small: a mapper that hears and answers by the contracts, and a workflow engine that is asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import orjson

from shared.bus.in_process import InProcessBus
from shared.bus.port import Consumer, Message
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
from shared.ids import new_id

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
