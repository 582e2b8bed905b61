"""Records that hold what no database can keep: each is one error of its run, and the rest of its page goes through."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI, Response

from all_in_one.serving import serving
from connector.storable import escaped
from shared.events import UsersObserved
from tests.integration.connector.test_rest_users import CREDENTIALS, LOOPBACK, described
from tests.integration.connector.test_rest_users import run as run_described
from tests.support.connector import World, launched, run

ODD = {
    "half": (rb'"half \ud83d"', "half \\ud83d"),
    "nul": (rb'"nul\u0000byte \\"', "nul\\u0000byte \\\\"),
    "bytes": (b'"\xff"', "\\udcff"),
    "number": (b"1e999", "\\=1e999"),
    "nan": (b"NaN", "\\=NaN"),
}


def payroll(sent: Mapping[str, bytes]) -> FastAPI:
    """Return an API whose records hold these bytes as their note."""
    app = FastAPI()
    people = [b'{"no": "%s", "mail": "%s@x.example", "note": %s}' % (no.encode(), no.encode(), note) for no, note in sent.items()]

    @app.get("/staff")
    async def staff(start: int = 0) -> Response:
        return Response(b'{"staff": {"rows": [' + b",".join(people[start:]) + b"]}}", media_type="application/json")

    @app.get("/staff/{no}")
    async def one(no: str) -> Response:
        return Response(people[list(sent).index(no)], media_type="application/json")

    return app


@pytest.mark.parametrize("kind", ODD)
async def test_a_record_that_cannot_be_stored_is_one_error_and_its_page_goes_through(here: World, kind: str) -> None:
    """One odd character at the source must not keep everybody else out; the record is shown so that nothing of it is lost."""
    sent, shown = ODD[kind]
    async with (
        serving(payroll({"a": b'"fine"', "b": sent, "c": rb'"C:\\"'}), host="127.0.0.1", port=0, shutdown_seconds=2) as url,
        here.connector(private_networks=LOOPBACK) as api,
    ):
        integration_id = await described(api, url, CREDENTIALS["header"])
        seen = await api.post(f"/integrations/{integration_id}/preview")
        ended = await run_described(api, integration_id)
        errors = (await api.get(f"/runs/{ended['id']}/errors"))["items"]
        again = await api.post(f"/runs/{ended['id']}/errors/replay", expect=409)

    assert (ended["state"], ended["fetched"], ended["counts"]["added"], ended["counts"]["failed"]) == ("completed_with_errors", 3, 2, 1)
    assert [record["source_id"] for record in seen["records"] if record["problem"]] == ["b"]
    (error,) = errors
    assert (error["source_id"], error["code"], error["field"]) == ("b", "record_not_storable", "note")
    assert error["message"]
    assert error["remedy"]
    assert error["record"] == {"no": "b", "mail": "b@x.example", "note": shown}
    assert again["code"] == "nothing_to_replay", "an escaped record must not be told as if the source had said it"
    # What can be stored is told as it is, with every backslash that is its own.
    assert [record["note"] for event in here.mapper.of(UsersObserved) for record in event.records] == ["fine", "C:\\"]


async def test_somebody_known_whose_record_turns_odd_is_neither_gone_nor_told_twice(here: World) -> None:
    """Not shown in the listing they are asked for by id: they are there, and stay one error."""
    notes = {"a": b'"fine"', "b": b'"fine"'}
    async with here.connector(private_networks=LOOPBACK) as api:
        async with serving(payroll(notes), host="127.0.0.1", port=0, shutdown_seconds=2) as url:
            integration_id = await described(api, url, CREDENTIALS["header"])
            await run_described(api, integration_id)
            port = int(url.rpartition(":")[2])
        notes["b"] = rb'"\udfff"'
        async with serving(payroll(notes), host="127.0.0.1", port=port, shutdown_seconds=2):
            second = await run_described(api, integration_id)
            errors = (await api.get(f"/runs/{second['id']}/errors"))["items"]

    assert (second["state"], second["fetched"], second["missing"]) == ("completed_with_errors", 2, 0)
    assert [(error["source_id"], error["code"]) for error in errors] == [("b", "record_not_storable")]


async def test_a_user_of_sophos_with_half_a_character_is_one_error_of_the_run(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are cut in the middle of an emoji by many a directory, and one such name is no reason to sync nobody."""
    first, second = here.custom()[:2]
    here.tenant.directory.update(first, {"name": "Zoë MARK"})
    here.tenant.directory.update(second, {"name": "nul\x00byte"})
    real = _with_half_characters(monkeypatch)
    async with here.connector() as api:
        ended = await run(api, await launched(api, here))
        errors = (await api.get(f"/runs/{ended['id']}/errors"))["items"]

    assert real
    assert (ended["state"], ended["counts"]["added"], ended["counts"]["failed"]) == ("completed_with_errors", 248, 2)
    assert {error["source_id"]: error["record"]["name"] for error in errors} == {first: "Zoë \\ud83d", second: "nul\\u0000byte"}


def _with_half_characters(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Let the source's answers hold half a character where a name says MARK; return those that do, in time."""
    from connector.sources.wire import Wire

    read = Wire._read
    changed: list[bytes] = []

    async def reading(self: Wire, response: Any, asked: str) -> bytes:
        raw = await read(self, response, asked)
        if b"MARK" in raw:
            raw = raw.replace(b"MARK", rb"\ud83d")
            changed.append(raw)
        return raw

    monkeypatch.setattr(Wire, "_read", reading)
    return changed


@pytest.mark.parametrize("text", ["plain", "C:\\users\\u0041", "\x00", "\ud800\\", "\\ud800"])
def test_an_escaped_text_can_be_turned_back(text: str) -> None:
    """Nothing of the record may be lost, even where it holds what looks like an escape."""
    assert json.loads('"' + escaped(text).replace('"', '\\"') + '"') == text
