"""Tables and migrations agree, and can be taken down again."""

from pydantic import SecretStr

from shared.db.migrate import at_head, check, downgrade, upgrade
from workflow_engine.tables import SCHEMA


async def test_migrations_make_what_the_code_expects_and_can_be_undone(database_url: SecretStr) -> None:
    """A table that differs from its migration is found in production otherwise."""
    await upgrade(database_url, SCHEMA)
    await check(database_url, SCHEMA)
    assert await at_head(database_url, SCHEMA)
    await downgrade(database_url, SCHEMA, "base")
    assert not await at_head(database_url, SCHEMA)
    await upgrade(database_url, SCHEMA)
