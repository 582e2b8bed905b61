"""Numbers that an earlier version stored are found by rules after the upgrade."""

from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mapper.tables import FIELDS, PEOPLE, SCHEMA
from shared.clock import now
from shared.db.engine import engine_for
from shared.db.migrate import upgrade
from shared.rules.fold import fold_record

MANY = 1_203
"""More than are folded at once."""


async def test_the_upgrade_folds_every_number_anew(database_url: SecretStr) -> None:
    """Else *greater than* would quietly leave out everybody who was there before."""
    await upgrade(database_url, SCHEMA, "0003")
    engine = engine_for(database_url, SCHEMA.name)
    async with engine.begin() as connection:
        await _store(connection)
    await upgrade(database_url, SCHEMA)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(PEOPLE.c.fields, PEOPLE.c.folded).order_by(PEOPLE.c.id))).all()
    await engine.dispose()
    assert len(rows) == MANY
    assert all(row.folded == fold_record(row.fields) for row in rows)
    assert rows[7].folded["size"].endswith(" 7")


async def _store(connection: AsyncConnection) -> None:
    common = {"revision": 1, "created_at": now(), "updated_at": now(), "folded": {"size": "nc01c000000000000"}}
    field = {"label": "Size", "data_type": "number", "is_unique": False, "history": True, "editable": True, "created_at": now()}
    await connection.execute(insert(FIELDS), [{**field, "object_type": kind, "key": "size"} for kind in ("person", "saas_user")])
    people = [{**common, "id": UUID(int=number + 1), "fields": {"size": number, "name": "Żoë"}} for number in range(MANY)]
    await connection.execute(insert(PEOPLE), people)
