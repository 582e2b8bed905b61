"""Work with a database that is interrupted at any moment, as it is when a service stops."""

import asyncio
import gc
import random
import warnings
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from shared.db.engine import Database, opened

ROUNDS = 30


async def test_whatever_is_interrupted_leaves_no_connection_open(tmp_path: Path) -> None:
    """A connection that nobody knows of keeps a file open until it happens to be collected; Python 3.13 tells of each."""
    chance = random.Random(7)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(ROUNDS):
            async with opened(SecretStr(f"sqlite:///{tmp_path}/x.db"), "connector") as database:
                work = asyncio.gather(*(_ask(database) for _ in range(5)))
                await asyncio.sleep(chance.random() / 100)
                work.cancel()
                await asyncio.wait([work])
            gc.collect()
    assert [str(one.message) for one in told if one.category is ResourceWarning] == []


async def _ask(database: Database) -> None:
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
