"""Migrations and models say the same, on both databases."""

from pydantic import SecretStr
from sqlalchemy import inspect

from connector.tables import METADATA, SCHEMA
from shared.db.engine import engine_for
from shared.db.migrate import at_head, check, downgrade, upgrade


async def tables(url: SecretStr) -> set[str]:
    """Return the names of the tables there are."""
    engine = engine_for(url, SCHEMA.name)
    async with engine.connect() as connection:
        names: set[str] = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    await engine.dispose()
    return names


async def test_an_empty_database_goes_up_down_and_up_again(database_url: SecretStr) -> None:
    """What a release brings can be taken back."""
    await upgrade(database_url, SCHEMA)
    assert await at_head(database_url, SCHEMA)
    assert await tables(database_url) == {*METADATA.tables, SCHEMA.version_table}
    await check(database_url, SCHEMA)

    await downgrade(database_url, SCHEMA, "base")
    assert await tables(database_url) == {SCHEMA.version_table}

    await upgrade(database_url, SCHEMA)
    await upgrade(database_url, SCHEMA)
    await check(database_url, SCHEMA)
