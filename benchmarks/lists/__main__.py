"""`python -m benchmarks.lists --people 1000000`: pages of People through the public API, beside their bare SQL statements.

Gateway and mapper run in this process, on SQLite and on PostgreSQL (binaries of this machine, or TEST_POSTGRES_URL).
"""

import argparse
import asyncio
import secrets
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from all_in_one.composition import composed, migrate
from all_in_one.configuration import Configuration
from all_in_one.embedded import DataDirectory
from all_in_one.services import SERVICES
from benchmarks.lists.measuring import Listener
from benchmarks.lists.people import fill
from benchmarks.sync.servers import new_database, postgres_server
from mapper.tables import PEOPLE
from shared.config import CommonSettings
from shared.db.engine import Database
from shared.http.paging import encode_cursor

PAGE, FAR = 50, 1000


def main() -> None:
    """Measure on both databases and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=100_000)
    arguments.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    asked = arguments.parse_args()
    with TemporaryDirectory(prefix="rollcall-bench-") as name, postgres_server() as server:
        if asked.database != "postgres":
            Console().print(asyncio.run(_measured(asked.people, None, Path(name))))
        if asked.database != "sqlite":
            Console().print(asyncio.run(_measured(asked.people, asyncio.run(new_database(server)), Path(name))))


async def _measured(people: int, postgres_url: str | None, directory: Path) -> Table:
    data = DataDirectory(directory / ("postgres" if postgres_url else "sqlite"))
    data.create()
    overrides = {name: {"database_url": SecretStr(postgres_url) if postgres_url else data.database_url(name)} for name in SERVICES}
    common = CommonSettings(service_key=SecretStr(secrets.token_urlsafe(32)), data_dir=data.path, log_level="WARNING")
    configuration = Configuration(common, data, overrides)
    await migrate(configuration)
    async with composed(configuration) as services:
        database: Database = services.mapper.state.parts.database
        started = time.perf_counter()
        await fill(database, people)
        filled = time.perf_counter() - started
        headers = {"Authorization": f"Bearer {services.api_gateway.state.bootstrap_token}"}
        transport = httpx.ASGITransport(services.api_gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers, timeout=600) as http:
            url = configuration.service("mapper").database_url.get_secret_value()
            return await _table(people, filled, Listener(http, database, url))


async def _table(people: int, filled: float, listener: Listener) -> Table:
    where = "PostgreSQL" if listener.database.is_postgres else "SQLite"
    table = Table(title=f"{people:,} people on {where} (written in {filled:.0f} s): milliseconds for {PAGE} people, median")
    for heading in ("List", "API", "bare SQL", "ratio"):
        table.add_column(heading, justify="left" if heading == "List" else "right")
    far = await _far(listener.database, min(people - PAGE - 1, PAGE * (FAR - 1)))
    for name, params in {
        "first page": {},
        f"page {FAR:,}": {"cursor": far},
        "three fields, page of 500": {"fields": "email,full_name,role", "limit": "500"},
        "sorted by full_name, backwards": {"sort": "-full_name"},
        "sorted by last_name, no index": {"sort": "last_name"},
        "full_name begins with, index": {"filter": '{"field": "full_name", "operator": "begins_with", "value": "żoë müller77"}'},
        "last_name equals, no index": {"filter": '{"field": "last_name", "operator": "equals", "value": "hopper77"}'},
        "searched: grace hopper77": {"search": "grace hopper77"},
        "searched: gra": {"search": "gra"},
        "first page, counted": {"count": "true"},
        "role equals, counted": {"filter": '{"field": "role", "operator": "equals", "value": "Guest"}', "count": "true"},
    }.items():
        measured = await listener.measured(**params)
        ratio = measured.call / measured.statements
        table.add_row(name, f"{measured.call:,.1f}", f"{measured.statements:,.1f}", f"{ratio:.1f}x")
    return table


async def _far(database: Database, rows: int) -> str:
    """Return the cursor behind so many people."""
    async with database.reading() as session:
        last = await session.scalar(select(PEOPLE.c.id).order_by(PEOPLE.c.id).offset(rows - 1).limit(1))
    return encode_cursor(["", "", str(last)])


if __name__ == "__main__":
    main()
