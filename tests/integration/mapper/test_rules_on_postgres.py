"""Rules mean on PostgreSQL what they mean in memory."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from sqlalchemy import collate, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import engine_for
from shared.rules import matches
from shared.rules.fold import fold_record
from shared.rules.sql import compiled
from tests.support.rules import ROWS, RULE, RULES, SOME_ROWS


def test_sql_and_predicate_agree_on_postgres(postgres_url: SecretStr) -> None:
    """Case, scripts and collations differ between databases; what a rule means must not."""
    engine = engine_for(postgres_url, "public")
    with asyncio.Runner() as runner:
        connection = runner.run(opened(engine.connect()))

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(given_rule=RULES, rows=SOME_ROWS)
        def agree(given_rule: dict[str, Any], rows: list[dict[str, Any]]) -> None:
            rule = RULE.validate_python(given_rule)
            assert runner.run(found(connection, rule, rows)) == {number for number, row in enumerate(rows) if matches(rule, row)}

        try:
            agree()
        finally:
            runner.run(connection.close())
            runner.run(engine.dispose())


async def opened(connection: AsyncConnection) -> AsyncConnection:
    """Return an open connection with the table in place."""
    await connection.start()
    await connection.run_sync(ROWS.create)
    return connection


async def found(connection: AsyncConnection, rule: Any, rows: list[dict[str, Any]]) -> set[int]:
    """Return the numbers of the rows that the rule finds in the database."""
    await connection.execute(delete(ROWS))
    await connection.execute(insert(ROWS), [{"id": number, "folded": fold_record(row)} for number, row in enumerate(rows)])
    condition = compiled(rule, lambda field: collate(ROWS.c.folded[field].as_string(), "C"))
    return set(await connection.scalars(select(ROWS.c.id).where(condition)))
