"""Commands at Sophos: what is asked for is read back, what is refused says why, and no password gets further than the wire."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from connector.sources.base import Operation, Outcome
from connector.sources.sophos.api import SophosCentral
from connector.sources.sophos.source import DEVICE_OPERATIONS, USER_OPERATIONS
from shared.errors import AppError
from tests.unit.connector.test_sophos_errors import SECRET, account, sophos

DEVICE = "3f0c1d52-7a4e-4b0e-9c55-1d2e3f4a5b17"
USER = "b7a1e0c4-2c5d-4f6a-8e9b-0a1b2c3d4e51"
GROUPS = ["d4e5f607-1829-4a3b-8c4d-5e6f70819273", "e4e5f607-1829-4a3b-8c4d-5e6f70819273"]
PASSWORD = "canary-tamper-password"
Json = dict[str, Any]
NOT_FOUND = {"error": "notFound", "correlationId": "c"}


@dataclass
class Sophos:
    """One device and one user. `follows`: the device does at once what is asked; `answers` takes the place of a write's answer."""

    follows: bool = True
    here: bool = True
    asked_for: bool = False
    isolated: bool = False
    protected: bool = True
    groups: set[str] = field(default_factory=set)
    source: str = "custom"
    answers: dict[str, httpx.Response | None] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    bodies: list[Json] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as Sophos does."""
        path = request.url.path.removeprefix("/endpoint/v1/endpoints").removeprefix("/common/v1/directory/users")
        call = f"{request.method} {path.replace(DEVICE, '{id}').replace(USER, '{id}')}"
        if request.method != "GET":
            self.writes.append(call)
            self.bodies.append(json.loads(request.content) if request.content else dict(request.url.params))
            if call in self.answers and (answer := self.answers[call]) is not None:
                return answer
        told = self._answer(call, request)
        if call in self.answers:
            raise httpx.ReadError("cut", request=request)
        return told

    def _answer(self, call: str, request: httpx.Request) -> httpx.Response:
        if call.startswith("GET "):
            return self._told(call, request)
        self._change(call, json.loads(request.content) if request.content else {}, request.url.params.get("ids", ""))
        if call.endswith("/tamper-protection"):
            return httpx.Response(201, json=self._protection())
        confirmed = {"id": "r-1", "status": "requested", "requestedAt": "2026-02-01T00:00:00Z", "deleted": True}
        return httpx.Response(202 if call == "POST /isolation" else 201, json=confirmed)

    def _told(self, call: str, request: httpx.Request) -> httpx.Response:
        if call == "GET /{id}" and not self.here:
            return httpx.Response(404, json=NOT_FOUND)
        told = {
            "GET /{id}": self._shown(request),
            "GET /{id}/isolation": {"enabled": self.asked_for},
            "GET /{id}/tamper-protection": self._protection(),
            "GET /{id}/groups": {"items": [{"id": one} for one in sorted(self.groups)]},
        }
        return httpx.Response(200, json=told[call])

    def _change(self, call: str, body: Json, ids: str) -> None:
        match call:
            case "POST /isolation":
                self.asked_for = body["enabled"]
                self.isolated = self.asked_for if self.follows else self.isolated
            case "POST /{id}/tamper-protection":
                self.protected = body["enabled"] if self.follows else self.protected
            case "DELETE /{id}":
                self.here = not self.follows
            case "POST /{id}/groups":
                self.groups |= set(body["ids"])
            case "DELETE /{id}/groups":
                self.groups -= set(ids.split(","))

    def _shown(self, request: httpx.Request) -> Json:
        if USER in request.url.path:
            return {"id": USER, "email": "l.zak@example.com", "source": {"type": self.source}}
        status = "isolated" if self.isolated else "notIsolated"
        isolation = {"status": status, "adminIsolated": self.asked_for, "selfIsolated": False}
        return {"id": DEVICE, "hostname": "PC-17", "isolation": isolation}

    def _protection(self) -> Json:
        previous = [{"password": f"{PASSWORD}-old", "invalidatedAt": "2026-01-01T00:00:00Z"}]
        return {"enabled": self.protected, "password": PASSWORD, "previousPasswords": previous}


@dataclass
class Journal:
    """What is written down before anything leaves; `sent` is what an earlier attempt had written."""

    sent: Json | None = None
    written: list[Json] = field(default_factory=list)

    async def about_to_send(self, request: Json) -> None:
        """Keep it."""
        self.written.append(request)


def command(key: str, central: SophosCentral) -> Operation:
    """Return an operation."""
    makers: tuple[Callable[[SophosCentral], Operation], ...] = (*USER_OPERATIONS, *DEVICE_OPERATIONS)
    return next(made for made in (make(central) for make in makers) if made.key == key)


async def done(sophos_central: Sophos, key: str, journal: Journal | None = None, **arguments: Any) -> Outcome:
    """Carry a command out on the device, or on the user."""
    signed_in = account(sophos(sophos_central), read_back_seconds=0)
    operation = command(key, signed_in.central)
    given = {"source_id": USER if "group" in key else DEVICE, **arguments}
    operation.check(given)
    return await operation.run(signed_in.access, given, journal or Journal())


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("isolate-endpoint", "isolated"),
        ("scan-endpoint", "requested"),
        ("check-endpoint-updates", "requested"),
        ("disable-tamper-protection", "switched_off"),
        ("delete-endpoint", "deleted"),
    ],
)
async def test_a_command_is_written_down_sent_once_and_read_back(key: str, code: str) -> None:
    """The journal has it before Sophos does; done is what a look shows."""
    central, journal = Sophos(), Journal()
    outcome = await done(central, key, journal, expected_hostname="pc-17")
    assert (outcome.outcome, outcome.code, outcome.final) == ("done", code, True)
    assert len(central.writes) == 1
    (written,) = journal.written
    assert outcome.evidence["request"] == written
    assert f"{written['method']} " in central.writes[0]


@pytest.mark.parametrize(
    ("key", "so"),
    [
        ("isolate-endpoint", {"isolated": True, "asked_for": True}),
        ("release-endpoint", {}),
        ("enable-tamper-protection", {}),
        ("disable-tamper-protection", {"protected": False}),
        ("add-to-groups", {"groups": set(GROUPS)}),
        ("remove-from-groups", {}),
    ],
)
async def test_what_is_so_already_is_done_without_a_write(key: str, so: Json) -> None:
    """A command says how things should be; asking twice does no harm."""
    central = Sophos(**so)
    more: Json = {"group_ids": GROUPS} if "group" in key else {}
    outcome = await done(central, key, **more)
    assert (outcome.outcome, outcome.code, central.writes) == ("done", "already_so", [])


async def test_an_isolation_that_the_device_has_not_followed_is_not_done() -> None:
    """It may be offline: the same key asks again, sends nothing more, and is done once the device shows it."""
    central = Sophos(follows=False)
    journal = Journal()
    pending = await done(central, "isolate-endpoint", journal)
    assert (pending.outcome, pending.code, pending.final) == ("unknown", "pending", False)

    again = await done(central, "isolate-endpoint", Journal(sent=journal.written[0]))
    assert (again.outcome, again.code) == ("unknown", "pending")
    central.isolated = True
    settled = await done(central, "isolate-endpoint", Journal(sent=journal.written[0]))
    assert settled.outcome == "done"
    assert central.writes == ["POST /isolation"]


async def test_a_release_is_not_done_while_an_isolation_is_still_asked_for() -> None:
    """The device would be cut off as soon as it is online."""
    central = Sophos(asked_for=True, isolated=False)
    outcome = await done(central, "release-endpoint")
    assert (outcome.outcome, central.writes, central.asked_for) == ("done", ["POST /isolation"], False)


@pytest.mark.parametrize(
    ("key", "call", "status", "code", "final"),
    [
        ("isolate-endpoint", "POST /isolation", 409, "change_in_progress", False),
        ("isolate-endpoint", "POST /isolation", 404, "not_found", True),
        ("scan-endpoint", "POST /{id}/scans", 404, "not_found", True),
        ("scan-endpoint", "POST /{id}/scans", 409, "change_in_progress", False),
        ("delete-endpoint", "DELETE /{id}", 409, "source_conflict", False),
        ("disable-tamper-protection", "POST /{id}/tamper-protection", 403, "sophos_access_refused", False),
        ("disable-tamper-protection", "POST /{id}/tamper-protection", 409, "change_in_progress", False),
        ("add-to-groups", "POST /{id}/groups", 404, "group_not_found", False),
        ("add-to-groups", "POST /{id}/groups", 409, "directory_synced", True),
    ],
)
async def test_what_sophos_refuses_says_why(key: str, call: str, status: int, code: str, final: bool) -> None:
    """A refusal that can be mended leaves the key open."""
    central = Sophos(answers={call: httpx.Response(status, json={"error": "no", "correlationId": "c-1"})})
    more: Json = {"group_ids": GROUPS} if "group" in key else {"expected_hostname": "PC-17"}
    outcome = await done(central, key, **more)
    assert (outcome.outcome, outcome.code, outcome.final) == ("refused", code, final)
    assert outcome.remedy
    assert outcome.evidence["answer"]["source_correlation_id"] == "c-1"


@pytest.mark.parametrize(
    ("key", "call", "ends"),
    [
        ("isolate-endpoint", "POST /isolation", ("done", "isolated")),
        ("disable-tamper-protection", "POST /{id}/tamper-protection", ("done", "switched_off")),
        ("delete-endpoint", "DELETE /{id}", ("done", "deleted")),
        ("add-to-groups", "POST /{id}/groups", ("done", "added")),
        ("scan-endpoint", "POST /{id}/scans", ("unknown", "not_confirmed")),
    ],
)
async def test_a_write_whose_answer_is_lost_is_looked_up(key: str, call: str, ends: tuple[str, str]) -> None:
    """Nothing is sent twice for it; where nothing can be looked at, it stays unknown."""
    central = Sophos(answers={call: None})
    more: Json = {"group_ids": GROUPS} if "group" in key else {"expected_hostname": "PC-17"}
    outcome = await done(central, key, **more)
    assert (outcome.outcome, outcome.code) == ends
    assert len(central.writes) == 1


@pytest.mark.parametrize("key", [make(account(sophos(Sophos())).central).key for make in DEVICE_OPERATIONS])
async def test_another_device_or_none_stops_every_command(key: str) -> None:
    """An id that now belongs to another device must not cost it anything."""
    other = await done(central := Sophos(), key, expected_hostname="PC-18")
    gone = await done(away := Sophos(here=False), key, expected_hostname="PC-17")
    assert (other.outcome, other.code, central.writes) == ("refused", "hostname_mismatch", [])
    assert away.writes == []
    assert (gone.outcome, gone.code) == (("done", "already_absent") if key == "delete-endpoint" else ("refused", "not_found"))


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("key", ["enable-tamper-protection", "disable-tamper-protection"])
async def test_no_tamper_password_gets_further_than_the_wire(key: str, lost: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Not in the outcome, not in what is written down, not in a log line; not even where Sophos answers with an error."""
    journal = Journal()
    call = "POST /{id}/tamper-protection"
    error = httpx.Response(400, json={"error": "no", "password": PASSWORD, "deep": [{"previousPasswords": [PASSWORD]}]})
    central = Sophos(protected=key.startswith("disable"), answers={call: error} if lost else {})
    outcome = await done(central, key, journal)
    everything = f"{outcome!r} {journal.written!r} {capsys.readouterr()!r}"
    assert PASSWORD not in everything
    assert SECRET not in everything
    assert central.bodies == [{"enabled": key.startswith("enable")}]


async def test_groups_are_joined_and_left() -> None:
    """Both are read back from the user's own groups, whatever the case of the ids."""
    central = Sophos()
    joined = await done(central, "add-to-groups", group_ids=[one.upper() for one in GROUPS])
    assert (joined.code, joined.result["groups"]) == ("added", sorted(GROUPS))
    left = await done(central, "remove-from-groups", group_ids=GROUPS[:1])
    assert (left.code, left.result["groups"], central.groups) == ("removed", GROUPS[1:], {GROUPS[1]})


@pytest.mark.parametrize("source_id", ["../x", "a/b", ""])
@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("edit-user", {"name": "X"}),
        ("delete-user", {"expected_email": "a@example.com"}),
        ("add-to-groups", {"group_ids": GROUPS}),
        ("remove-from-groups", {"group_ids": GROUPS}),
        ("isolate-endpoint", {}),
        ("scan-endpoint", {}),
        ("disable-tamper-protection", {}),
        ("delete-endpoint", {"expected_hostname": "PC-17"}),
    ],
)
def test_nothing_but_an_id_becomes_part_of_an_address(key: str, more: Json, source_id: str) -> None:
    """It is refused before anything is sent."""
    operation = command(key, account(sophos(Sophos())).central)
    operation.check({"source_id": DEVICE, **more})
    with pytest.raises(AppError):
        operation.check({"source_id": source_id, **more})
