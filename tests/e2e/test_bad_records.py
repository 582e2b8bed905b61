"""Ten thousand records as no source should send them: each is an error that can be mended, or stored as it was sent; no page fails."""

import ipaddress
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI, Response

from all_in_one.serving import serving
from connector.sources.parsing import read_json
from connector.storable import escaped
from tests.support.horrors import FIELDS, PAGE_SIZE, Horror, horrors, page
from tests.support.places import Place
from tests.support.whole import Caller, whole

COUNT, SEED = 10_000, 20261124
PATIENCE = 200
"""Seconds for a run that takes five on a machine that does nothing else."""
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
NOBODY_GOOD = b'{"rows": [{"id": "first", "mail": "first@bad.example"}]}'
ROLE = {"kind": "constant", "value": "Employee"}


@dataclass
class Payroll:
    """An API that sends bytes, whatever they are."""

    sent: list[Horror] = field(default_factory=list)
    mended: frozenset[int] = frozenset()

    def app(self) -> FastAPI:
        """Return the API."""
        app = FastAPI()

        @app.get("/staff")
        async def staff(start: int = 0) -> Response:
            some = self.sent[start : start + PAGE_SIZE]
            return Response(
                page(some, self.mended) if self.sent else NOBODY_GOOD if not start else b'{"rows": []}', media_type="application/json"
            )

        return app


@dataclass
class Here:
    """An integration of that API."""

    api: Caller
    payroll: Payroll
    integration_id: str = ""

    async def set_up(self, url: str) -> None:
        """Describe the API, map its records, and launch, while there is nothing wrong with it."""
        for key, data_type in FIELDS.items():
            await self.api.ask("POST", "/fields", {"label": key, "data_type": data_type})
        secret = {"kind": "basic", "username": "rollcall", "password": "hush-hush-0123456789"}
        credential = await self.api.ask("POST", "/credentials", {"name": "Payroll", "provider": "rest-users", **secret})
        made = await self.api.ask("POST", "/integrations", {"provider": "rest-users", "name": "Payroll"})
        self.integration_id = made["id"]
        described = {
            "url": f"{url}/staff",
            "paging": "offset",
            "page_parameter": "start",
            "records_path": "rows",
            "requests_per_minute": "60000",
        }
        inputs = {key: {"value": value} for key, value in described.items()}
        details = {"user_selection": "user_only", "integration_user": "admin", "credential_id": credential["id"], "inputs": inputs}
        await self.api.ask("PATCH", f"/integrations/{self.integration_id}", details)
        await self.map([])
        await self.api.ask("POST", f"/integrations/{self.integration_id}/launch")

    async def map(self, below: Sequence[str]) -> None:
        """Map the fields to the keys of the records, or to those below another key."""
        paths = {"email": "mail", "username": "mail", **{key: key for key in FIELDS}}
        targets: dict[str, Any] = {key: {"kind": "source", "path": [*below, path]} for key, path in paths.items()}
        mapping = {"targets": {**targets, "role": ROLE}, "sync_keys": ["email"]}
        await self.api.store_mapping(self.integration_id, mapping, seconds=PATIENCE)

    async def run(self) -> dict[str, Any]:
        """Run in full, to the end."""
        return await self.api.ended((await self.api.ask("POST", f"/integrations/{self.integration_id}/runs"))["id"], seconds=PATIENCE)

    async def replayed(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Tell the records of a run's errors again, to the end."""
        return await self.api.ended((await self.api.ask("POST", f"/runs/{run['id']}/errors/replay"))["id"], seconds=PATIENCE)

    async def people(self) -> dict[str, dict[str, Any]]:
        """Return the fields of everybody by address, without those that nobody sent."""
        people = [person["fields"] async for person in self.api.every("/people")]
        found = {fields["email"]: {key: fields.get(key) for key in FIELDS} for fields in people}
        assert len(found) == len(people)
        return found


@pytest.fixture
async def here(place: Place, tmp_path: Path) -> AsyncIterator[Here]:
    """Give the integration before the real services."""
    payroll = Payroll()
    # What a run may rewrite before it waits for somebody has tests of its own.
    settings: dict[str, Any] = {"connector": {"private_networks": LOOPBACK}, "mapper": {"rewrite_probation_records": 1_000_000}}
    async with (
        serving(payroll.app(), host="127.0.0.1", port=0, shutdown_seconds=2) as url,
        whole(place.database_url, tmp_path, broker=place.broker, **settings) as (http, services),
    ):
        given = Here(Caller(http, services.api_gateway.state.bootstrap_token), payroll)
        await given.set_up(url)
        payroll.sent = list(horrors(COUNT, seed=SEED))
        yield given


@pytest.mark.timeout(3 * PATIENCE)
async def test_every_horror_is_an_error_or_a_value_and_arrives_once_it_is_mended(here: Here) -> None:
    """One record of a kind that nobody thought of must not keep a directory out, nor be lost without a word."""
    sent = here.payroll.sent
    first = await here.run()
    errors = [error async for error in here.api.every(f"/runs/{first['id']}/errors")]
    assert problems(sent, errors, await here.people()) == []
    ends = Counter(one.ends for one in sent)
    assert (first["state"], first["error"], first["fetched"]) == ("completed_with_errors", None, COUNT)
    assert (first["counts"]["added"], first["counts"]["failed"]) == (ends["stored"], COUNT - ends["stored"])

    await here.map(["spare"])
    again = await here.replayed(first)
    people = await here.people()
    told = ends["rejected"] + ends["repeated"]
    assert (again["state"], again["fetched"], again["counts"]["failed"]) == ("completed", told, 0)
    assert not [one for one in sent if one.ends == "rejected" and people.get(one.spare["mail"]) != values(one.spare)]

    here.payroll.mended = frozenset(one.number for one in sent if one.ends in {"refused", "repeated"})
    last = await here.run()
    people = await here.people()
    assert (last["state"], last["fetched"], last["counts"]["failed"]) == ("completed", COUNT, 0)
    assert not [one for one in sent if people.get(one.spare["mail"]) != values(one.spare)]
    assert len(people) == COUNT


def problems(sent: Sequence[Horror], errors: Sequence[dict[str, Any]], people: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return what became of records that should not have, by number."""
    by_id: dict[str, list[dict[str, Any]]] = {}
    nameless: Counter[bytes] = Counter()
    for error in errors:
        by_id.setdefault(error["source_id"], []).append(error)
        if not error["source_id"]:
            nameless[_written(error["record"])] += 1
    return list(chain.from_iterable(_problems(one, by_id, nameless, people) for one in sent))


def _problems(
    one: Horror, by_id: Mapping[str, list[dict[str, Any]]], nameless: Counter[bytes], people: Mapping[str, dict[str, Any]]
) -> Iterator[str]:
    (record,) = read_json(page([one]))["rows"]
    raw = escaped(record) if one.ends == "refused" and not _can_be_stored(record) else record
    stored = people.get(one.expected["mail"]) if isinstance(one.expected["mail"], str) else None
    source_id = record["id"] if one.ends == "repeated" else one.source_id
    found = [error for error in by_id.get(source_id, []) if error["record"] == raw]
    if one.ends == "stored":
        if stored != values(one.expected):
            yield f"{one.number} ({one.kind}): stored as {stored}"
    elif stored is not None and one.kind != "an address of somebody":
        yield f"{one.number} ({one.kind}): stored, and should not be"
    elif one.without_id:
        nameless[_written(raw if isinstance(raw, dict) else {"value": raw})] -= 1
        if nameless[_written(raw if isinstance(raw, dict) else {"value": raw})] < 0:
            yield f"{one.number} ({one.kind}): no error"
    elif len(found) != 1 or not all(found[0][key] for key in ("code", "message", "remedy", "field")):
        yield f"{one.number} ({one.kind}): errors {by_id.get(source_id)}"
    elif (found[0]["code"] == "record_not_storable") is not (one.ends == "refused"):
        yield f"{one.number} ({one.kind}): {found[0]['code']}"


def _can_be_stored(record: Any) -> bool:
    return bool(escaped(record) == record)


def _written(record: Any) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of values that are good."""
    return {key: given[key] for key in FIELDS}
