"""A directory of people, written straight into the mapper's tables: what is measured is reading."""

import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import unique_key
from mapper.records.many import put
from mapper.search.words import words_of
from mapper.tables import PEOPLE, PEOPLE_WORDS, UNIQUE_VALUES
from shared.clock import now
from shared.db.engine import Database
from shared.ids import new_id
from shared.rules.fold import fold_record

AT_ONCE = 5000
FIRST = ("Ada", "Żoë", "Grace", "José", "Mika", "Ines", "Tariq", "Yuki", "Lea", "Noor", "Ann", "Otto", "Pia", "Rui", "Sam", "Uma")
LAST = ("Lovelace", "Müller", "Hopper", "García", "Virtanen", "Okafor", "Tanaka", "Rossi", "Novak", "Silva", "Kim", "Dubois")
ROLES = ("Employee", "Contractor", "Guest")


def made(count: int) -> Iterator[dict[str, Any]]:
    """Give the fields of people, the same ones each time."""
    chance = random.Random(7)
    for number in range(count):
        first, last = chance.choice(FIRST), f"{chance.choice(LAST)}{number % 997}"
        email = f"user.{chance.randrange(10**9):09d}.{number}@example.com"
        yield {
            "username": email,
            "email": email,
            "full_name": f"{first} {last}",
            "first_name": first,
            "last_name": last,
            "role": chance.choice(ROLES),
            "tenant_id": "b6ee424c-a5e4-4c34-a43a-2bb7a9f0c001",
            "source_created_at": "2026-01-01T00:00:00.000Z",
        }


async def fill(database: Database, count: int) -> None:
    """Write people with their unique values and their words, and let the database look at them."""
    rows: list[tuple[Any, dict[str, Any]]] = []
    for fields in made(count):
        rows.append((new_id(), fields))
        if len(rows) == AT_ONCE:
            await _write(database, rows)
            rows = []
    await _write(database, rows)
    async with database.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
            text("VACUUM ANALYZE" if database.is_postgres else "ANALYZE")
        )


async def _write(database: Database, rows: list[tuple[Any, dict[str, Any]]]) -> None:
    at = now()
    async with database.writes() as session, session.begin():
        people = [
            {"id": key, "revision": 1, "fields": fields, "folded": fold_record(fields), "created_at": at, "updated_at": at}
            for key, fields in rows
        ]
        await put(session, PEOPLE, people)
        await put(session, PEOPLE_WORDS, [{"person_id": key, "words": words_of(fields)} for key, fields in rows])
        await _claim(session, rows)


async def _claim(session: AsyncSession, rows: list[tuple[Any, dict[str, Any]]]) -> None:
    claims = [
        {"value": unique_key(fields[field]), "field": field, "object_type": "person", "record_id": key}
        for key, fields in rows
        for field in ("username", "email")
    ]
    await put(session, UNIQUE_VALUES, claims)
