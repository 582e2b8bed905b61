"""Every service's migrations and models say the same, on both databases, up and down."""

import importlib
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import inspect, text

from shared.db.engine import engine_for
from shared.db.migrate import Schema, at_head, check, downgrade, upgrade

PACKAGES = ("connector", "mapper", "workflow_engine", "api_gateway")


def schema_of(package: str) -> Schema:
    """Return what a service stores."""
    schema: Schema = importlib.import_module(f"{package}.tables").SCHEMA
    return schema


OF_A_VIRTUAL_TABLE = "SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"


async def tables(url: SecretStr, schema: Schema) -> set[str]:
    """Return the names of the tables that the service sees; those that SQLite keeps for a full-text index are its own."""
    engine = engine_for(url, schema.name)
    try:
        async with engine.connect() as connection:
            names: set[str] = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
            if connection.dialect.name == "sqlite":
                names -= set((await connection.execute(text(OF_A_VIRTUAL_TABLE))).scalars())
    finally:
        await engine.dispose()
    return names


@pytest.mark.parametrize("package", PACKAGES)
async def test_models_and_migrations_agree_up_and_down(package: str, database_url: SecretStr) -> None:
    """What a release brings can be taken back, and brought again; the models describe what is there."""
    schema = schema_of(package)
    assert (schema.name, schema.package) == (package, package)
    assert not await at_head(database_url, schema)
    await upgrade(database_url, schema)
    assert await at_head(database_url, schema)
    assert await tables(database_url, schema) == {*schema.metadata.tables, schema.version_table}
    await check(database_url, schema)
    await downgrade(database_url, schema, "base")
    assert await tables(database_url, schema) == {schema.version_table}
    await upgrade(database_url, schema)
    await check(database_url, schema)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_service_has_an_outbox_and_an_inbox(package: str) -> None:
    """Without them events get lost, or count twice."""
    assert {"outbox", "inbox"} <= set(schema_of(package).metadata.tables)


async def test_services_that_share_a_postgres_server_stay_apart(postgres_url: SecretStr) -> None:
    """Each has a schema of its own: no service can read another's tables by accident."""
    schemas = [schema_of(package) for package in PACKAGES]
    for schema in schemas:
        await upgrade(postgres_url, schema)
    for schema in schemas:
        await check(postgres_url, schema)
        assert await tables(postgres_url, schema) == {*schema.metadata.tables, schema.version_table}
    engine = engine_for(postgres_url, "public")
    async with engine.connect() as connection:
        stray: Any = (await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
    await engine.dispose()
    assert stray == []
