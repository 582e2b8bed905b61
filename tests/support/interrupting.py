"""`python -m tests.support.interrupting FILE`: work with a SQLite file that is interrupted again and again.

In a process of its own, so that nothing but what it left open is collected in it, and told on standard error.
"""

import asyncio
import gc
import random
import sys
from contextlib import suppress

from pydantic import SecretStr
from sqlalchemy import text

from shared.db.engine import Database, opened

ROUNDS = 30


async def main(path: str) -> None:
    """Interrupt five questions at once, at moments that nobody chose, and close the database."""
    chance = random.Random(7)
    for _ in range(ROUNDS):
        async with opened(SecretStr(f"sqlite:///{path}"), "connector") as database:
            work = asyncio.gather(*(_ask(database) for _ in range(5)))
            await asyncio.sleep(chance.random() / 100)
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        gc.collect()


async def _ask(database: Database) -> None:
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
