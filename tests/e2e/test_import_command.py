"""`rollcall import` before a gateway that listens: what a person at a terminal sees."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from all_in_one.cli import app
from all_in_one.serving import serving
from tests.support.files import as_csv, as_xlsx, drafted, employees, mapped, sent
from tests.support.whole import Here, launched_integration

PEOPLE = 12
BLOCK = b"1,x\n" * 65_536
LARGEST = 32 * 1024**2
"""Bytes of a file, unless a setting says otherwise."""


@pytest.fixture
async def here(sqlite_url: SecretStr, tmp_path: Path) -> AsyncIterator[Here]:
    """Give the real services."""
    async with launched_integration(sqlite_url, tmp_path) as given:
        yield given


def listening(here: Here) -> Any:
    """Let the gateway listen inside the block; give its URL."""
    gateway = here.http._transport.app  # type: ignore[attr-defined]  # the transport's own
    return serving(gateway, host="127.0.0.1", port=0, shutdown_seconds=5)


def head(here: Here, path: str, length: str) -> bytes:
    """Return what is said before the body of a file; `length` is the header that says how much will come."""
    token = f"Authorization: Bearer {here.token}"
    return "\r\n".join((f"POST /api/v1{path}/files?name=p.csv HTTP/1.1", "Host: x", token, length, "\r\n")).encode()


@asynccontextmanager
async def connected(url: str, said: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Give a socket over which something was sent; at the end of the block it is cut."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(said)
    await writer.drain()
    yield reader, writer
    writer.close()
    await writer.wait_closed()


async def command(here: Here, url: str, *words: str) -> Any:
    """Run `rollcall import` as a shell would."""
    environment = {"ROLLCALL_TOKEN": here.token, "ROLLCALL_URL": url}
    return await asyncio.to_thread(CliRunner().invoke, app, ["import", *words], env=environment)


async def test_a_file_is_imported_with_one_command(here: Here, tmp_path: Path) -> None:
    """It plans unless somebody says apply, and says in a line what came of it."""
    path = await drafted(here)
    await sent(here, path, as_csv(employees(1)))
    await here.ask("PUT", f"{path}/mapping", mapped())
    await here.ask("POST", f"{path}/launch")
    file = tmp_path / "people.xlsx"
    file.write_bytes(as_xlsx(employees(PEOPLE)))
    async with listening(here) as url:
        planned = await command(here, url, str(file), "--integration", "people of a FILE")
        assert planned.exit_code == 0, planned.output
        assert f"sent: {PEOPLE} rows of Employee ID, E-Mail, Full name, Started" in planned.output
        assert f"{PEOPLE} added" in planned.output
        assert await here.people() == {}
        applied = await command(here, url, str(file), "--integration", path.rsplit("/", 1)[1], "--run", "apply")
        assert (applied.exit_code, "completed" in applied.output) == (0, True), applied.output
        assert len(await here.people()) == PEOPLE
        kept = await command(here, url, str(file), "--integration", "People of a file", "--run", "none")
        assert (kept.exit_code, "run" in kept.output) == (0, False)


async def test_whatever_is_wrong_is_one_line_with_its_remedy(here: Here, tmp_path: Path) -> None:
    """The place in the file, the name that is not there, the file that is not there."""
    path = await drafted(here)
    file = tmp_path / "people.csv"
    file.write_bytes(as_csv([*employees(3), ["004", "x@example.com", "X", "", "one too many"]]))
    async with listening(here) as url:
        wide = await command(here, url, str(file), "--integration", "People of a file")
        assert (wide.exit_code, "row 5, column E" in wide.output, "remedy:" in wide.output) == (2, True, True), wide.output
        unknown = await command(here, url, str(file), "--integration", "Nobody's")
        assert (unknown.exit_code, "'People of a file'" in unknown.output) == (2, True)
        missing = await command(here, url, str(tmp_path / "nothing.csv"), "--integration", "People of a file")
        assert (missing.exit_code, "cannot be read" in missing.output) == (2, True), missing.output
    assert (await here.ask("GET", f"{path}/files"))["items"] == []


async def test_a_connection_that_is_cut_leaves_nothing_and_the_next_upload_works(here: Here) -> None:
    """Over a real socket: the body announces more than comes."""
    path = await drafted(here)
    content = as_csv(employees(20_000))
    announced = head(here, path, f"Content-Length: {len(content)}")
    async with listening(here) as url:
        async with connected(url, announced + content[: len(content) // 2]) as (reader, _writer):
            await asyncio.sleep(0.3)
        assert await reader.read() == b""
        assert (await here.ask("GET", f"{path}/files"))["items"] == []
    assert (await sent(here, path, content)).json()["rows"] == 20_000


async def test_a_body_that_grows_too_large_is_refused_on_its_way(here: Here) -> None:
    """Nobody has to send all of it to hear that it is too much, and nobody holds it."""
    path = await drafted(here)
    given = 0
    async with listening(here) as url, connected(url, head(here, path, "Transfer-Encoding: chunked")) as (reader, writer):
        hearing = asyncio.create_task(reader.readuntil(b"}"))
        while not hearing.done() and given < 2 * LARGEST:
            writer.write(b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK))
            await writer.drain()
            given += len(BLOCK)
        assert LARGEST <= given < 2 * LARGEST
        heard = await hearing
    assert heard.startswith(b"HTTP/1.1 413 ")
    assert b'"too_large"' in heard
    assert b"32 MiB" in heard
    assert (await here.ask("GET", f"{path}/files"))["items"] == []
