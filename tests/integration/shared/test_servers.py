"""The servers that the other tests stand on."""

import aio_pika
from pydantic import SecretStr
from sqlalchemy import text

from shared.db.engine import opened


async def test_each_test_gets_an_empty_database_of_its_own(database_url: SecretStr) -> None:
    """A table left by another test would make this one pass or fail for the wrong reason."""
    async with opened(database_url, "fresh") as database, database.writes() as session, session.begin():
        await session.execute(text("CREATE SCHEMA IF NOT EXISTS fresh") if database.is_postgres else text("SELECT 1"))
        await session.execute(text("CREATE TABLE only_here (id INTEGER PRIMARY KEY)"))


async def test_the_broker_answers_whoever_has_its_address(rabbitmq_url: SecretStr) -> None:
    """A broker that refuses its own address would fail every test of the bus in a confusing way."""
    async with await aio_pika.connect(rabbitmq_url.get_secret_value()) as connection:
        assert not connection.is_closed
