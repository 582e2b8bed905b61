"""Uploaded files on each database: kept whole or not at all, read by the run that began with them, and forgotten in time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, insert, select, update

import connector.files.receiving
from connector.files.retention import remove_old_files
from connector.scope import Parts
from connector.tables import FILE_PIECES, FILES
from shared.clock import now
from shared.events.sources import UsersObserved, UsersProvenAbsent
from shared.ids import new_id
from tests.support.connector import Api, World, ended, eventually, everything_told, run

CANARY = "canary-5f1e"


def people(count: int, *, canary: str = "x", without: int | None = None) -> bytes:
    """Return a file of people."""
    rows = [f"{number},p{number}@example.com,{canary}" for number in range(count) if number != without]
    return "\n".join(["no,mail,remark", *rows]).encode()


def parts_of(api: Api) -> Parts:
    """Return what the connector behind an API is made of."""
    found: Parts = api.http._transport.app.state.parts  # type: ignore[attr-defined]  # the transport's own
    return found


async def sent(api: Api, path: str, content: Any, *, expect: int = 201, **query: str) -> dict[str, Any]:
    """Send a file."""
    response = await api.http.post(f"/internal{path}/files", content=content, params={"name": "people.csv", **query})
    api.answers.append(response.text)
    assert response.status_code == expect, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def launched(api: Api, content: bytes, **inputs: str) -> str:
    """Launch an integration that reads a file; return its path."""
    integration = await api.post("/integrations", {"provider": "file-users", "name": "Staff"})
    path = f"/integrations/{integration['id']}"
    given = {key: {"value": value} for key, value in {"id_column": "no", **inputs}.items()}
    await api.ask("PATCH", path, {"user_selection": "user_only", "integration_user": "sync@example.com", "inputs": given})
    await sent(api, path, content)
    assert (await api.post(f"{path}/launch"))["state"] == "active"
    return path


async def stored(api: Api) -> tuple[int, int]:
    """Return how many files and pieces there are."""
    async with parts_of(api).database.reading() as session:
        counts = [await session.scalar(select(func.count()).select_from(table)) for table in (FILES, FILE_PIECES)]
    return counts[0] or 0, counts[1] or 0


@contextmanager
def counted(api: Api) -> Iterator[list[str]]:
    """Give the statements that touch files and runs' pages inside the block."""
    engine = parts_of(api).database.engine.sync_engine
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_a_run_reads_every_row_once_and_a_file_needs_no_credential(here: World) -> None:
    """A page of a run is a piece of the file; the record is the row under the names of the header."""
    async with here.connector() as api:
        path = await launched(api, people(1201))
        ended_run = await run(api, path.rsplit("/", 1)[1])
        assert (ended_run["state"], ended_run["pages"], ended_run["counts"]["added"]) == ("completed", 3, 1201)
        observed = here.mapper.of(UsersObserved)
        assert [len(one.records) for one in observed] == [500, 500, 201]
        assert observed[0].records[7] == {"no": "7", "mail": "p7@example.com", "remark": "x"}
        assert (observed[0].source_ids[7], observed[0].provenance.credential_name) == ("7", "")
        refused = await api.ask("PATCH", path, {"credential_id": str(new_id())}, expect=422)
        assert refused["fields"][0]["field"] == "credential_id"
        stores_none = {"kind": "basic", "name": "x", "provider": "file-users", "username": "u", "password": "p"}
        await api.ask("POST", "/credentials", stores_none, expect=422)


async def test_a_run_goes_on_with_the_file_that_it_began_with(here: World) -> None:
    """Half of one list and half of another would be nobody's list; a replica that takes over reads the same one."""
    async with here.connector() as api:
        path = await launched(api, people(2600))
        here.mapper.hold = asyncio.Event()
        queued = await api.post(f"{path}/runs", expect=202)

        async def begun() -> dict[str, Any] | None:
            shown: dict[str, Any] = await api.get(f"/runs/{queued['id']}")
            return shown if shown["file_id"] else None

        first = await eventually(begun)
        second = await sent(api, path, people(10))
        assert first["file_id"] != second["id"]
        in_use = await api.ask("DELETE", f"{path}/files/{first['file_id']}", expect=409)
        assert in_use["code"] == "file_in_use"
    async with here.connector() as other:
        here.mapper.hold.set()
        whole = await ended(other, queued["id"])
        assert (whole["state"], whole["fetched"], whole["file_id"]) == ("completed", 2600, first["file_id"])
        assert (await run(other, path.rsplit("/", 1)[1]))["fetched"] == 10


async def test_the_file_is_the_proof_that_somebody_is_missing(here: World) -> None:
    """It is asked as any source is; where it is not everybody, nobody is asked for."""
    async with here.connector() as api:
        path = await launched(api, people(30), absence="missing")
        integration_id = path.rsplit("/", 1)[1]
        await run(api, integration_id)
        file = await sent(api, path, people(30, without=7))
        assert (await run(api, integration_id))["missing"] == 1
        (proof,) = here.mapper.of(UsersProvenAbsent)[-1].proofs
        assert (proof.source_id, proof.status, file["sha256"] in proof.asked) == ("7", 404, True)
        await api.ask("PATCH", path, {"inputs": {"id_column": {"value": "no"}}})
        heard = len(here.mapper.of(UsersProvenAbsent))
        await sent(api, path, people(3))
        assert (await run(api, integration_id))["missing"] == 0
        assert len(here.mapper.of(UsersProvenAbsent)) == heard


async def test_rows_are_written_in_bulk_and_read_a_piece_at_a_time(here: World) -> None:
    """No statement for each row: four times the rows are four times the pieces, not more."""
    async with here.connector() as api:
        path = await launched(api, people(10))

        async def statements(rows: int) -> tuple[int, int]:
            content = people(rows)
            with counted(api) as uploading:
                await sent(api, path, content)
            written = sum("file_pieces" in one for one in uploading)
            with counted(api) as reading:
                await api.post(f"{path}/preview")
            return written, sum("file_pieces" in one for one in reading)

        assert await statements(4_000) == (1, 8 + 1), "eight pieces are looked through, the first one is shown"
        assert await statements(16_000) == (2, 32 + 1)


async def test_a_file_that_could_not_be_kept_whole_is_not_kept(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks while its pieces are written: the file before it is the one that is read."""
    async with here.connector() as api:
        path = await launched(api, people(20))
        before = await stored(api)
        write = connector.files.receiving._write_pieces

        async def breaks(*given: Any) -> None:
            await write(*given)
            assert (await stored(api))[0] == before[0] + 1
            raise OSError("the disk is full")

        monkeypatch.setattr(connector.files.receiving, "_write_pieces", breaks)
        await sent(api, path, people(5_000), expect=500)
        assert await stored(api) == before
        monkeypatch.undo()

        async def cut() -> AsyncIterator[bytes]:
            yield people(5_000)
            raise ConnectionResetError

        await sent(api, path, cut(), expect=500)
        assert await stored(api) == before
        (file,) = (await api.get(f"{path}/files"))["items"]
        assert (file["rows"], file["is_current"]) == (20, True)


async def test_files_are_forgotten_in_time_and_what_they_were_stays_known(here: World) -> None:
    """A list of everybody is kept no longer than it is of use; which file a run read can still be seen."""
    async with here.connector(keep_files=2, keep_files_days=10) as api:
        parts = parts_of(api)
        path = await launched(api, people(20))
        for _ in range(3):
            await sent(api, path, people(20))
        left = {"id": new_id(), "integration_id": UUID(path.rsplit("/", 1)[1]), "name": "half", "size": 1, "sha256": "", "layout": {}}
        begun = {"columns": [], "rows": 0, "pieces": 0, "uploaded_at": now() - timedelta(hours=7), "uploaded_by": "ann"}
        async with parts.units.begin() as unit:
            await unit.session.execute(insert(FILES).values({**left, **begun}))
        await remove_old_files(parts.units, parts.settings)
        shown = (await api.get(f"{path}/files"))["items"]
        assert [(one["is_current"], one["removed_by"]) for one in shown] == [(True, None), (False, None), *[(False, "retention")] * 2]
        assert await stored(api) == (4, 2)
        page = await api.get(f"{path}/files", limit=3)
        assert len((await api.get(f"{path}/files", limit=3, cursor=page["next_cursor"]))["items"]) == 1
        async with parts.units.begin() as unit:
            await unit.session.execute(update(FILES).values(uploaded_at=now() - timedelta(days=11)))
        await remove_old_files(parts.units, parts.settings)
        assert await stored(api) == (4, 0)
        assert {gap["field"] for gap in (await api.get(path))["missing"]} == {"file"}
        async with parts.units.begin() as unit:
            await unit.session.execute(update(FILES).values(uploaded_at=now() - timedelta(days=91)))
        await remove_old_files(parts.units, parts.settings)
        assert await stored(api) == (0, 0)


async def test_a_file_that_is_read_outlives_its_time_and_goes_with_its_integration(here: World) -> None:
    """A run must not lose its source under its hands; a deleted integration leaves nothing of anybody."""
    async with here.connector(keep_files_days=10) as api:
        parts = parts_of(api)
        path = await launched(api, people(1_100))
        here.mapper.hold = asyncio.Event()
        queued = await api.post(f"{path}/runs", expect=202)

        async def begun() -> dict[str, Any] | None:
            shown: dict[str, Any] = await api.get(f"/runs/{queued['id']}")
            return shown if shown["file_id"] else None

        await eventually(begun)
        async with parts.units.begin() as unit:
            await unit.session.execute(update(FILES).values(uploaded_at=now() - timedelta(days=11)))
        await remove_old_files(parts.units, parts.settings)
        assert await stored(api) == (1, 3)
        here.mapper.hold.set()
        assert (await ended(api, queued["id"]))["fetched"] == 1_100
        await remove_old_files(parts.units, parts.settings)
        assert await stored(api) == (1, 0)
        await sent(api, path, people(5))
        await api.post(f"{path}/archive")
        await api.ask("DELETE", path, expect=204)
        assert await stored(api) == (0, 0)


async def test_what_a_file_holds_is_in_no_log(here: World, lines: list[object]) -> None:
    """Neither when it is taken in, nor when it is refused, nor when a run of it fails."""
    async with here.connector() as api:
        path = await launched(api, people(20, canary=CANARY))
        await sent(api, path, people(20, canary=f'{CANARY}"x'), expect=201)
        await sent(api, path, f"no,mail\n1,{CANARY}\n1,{CANARY}\n".encode(), expect=422)
        await sent(api, path, f"no,mail\n1,{CANARY},x\n".encode(), expect=422)
        await api.ask("PATCH", path, {"inputs": {"id_column": {"value": "remark"}}})
        failed = await run(api, path.rsplit("/", 1)[1])
        assert (failed["state"], failed["error"]["code"], len(failed["error"]["fields"][0]["rows"])) == ("failed", "file_ids_doubled", 10)
        assert CANARY not in str(lines)
        assert CANARY.encode() not in everything_told(here.mapper)
        for _ in range(3):
            await run(api, path.rsplit("/", 1)[1])
        assert (await api.get(path))["state"] == "active", "no schedule, no quarantine"
