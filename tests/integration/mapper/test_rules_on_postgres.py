"""Rules mean on PostgreSQL what they mean in memory."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import engine_for
from shared.rules import At, matches
from shared.rules.fold import fold_record
from shared.rules.operators import FieldType
from shared.rules.sql import Folded, compiled, folded_text
from tests.support.rules import ATS, ROWS, RULE, TYPED_ROWS, TYPED_RULES, TYPES, UNTYPED_ROWS, UNTYPED_RULES

NO_TYPES: Mapping[str, FieldType] = {}


def test_sql_and_predicate_agree_on_postgres(postgres_url: SecretStr) -> None:
    """Case, scripts, collations and zones differ between databases; what a rule means must not."""
    engine = engine_for(postgres_url, "public")
    with asyncio.Runner() as runner:
        connection = runner.run(opened(engine.connect()))
        patient = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

        def agree(given_rule: dict[str, Any], rows: list[dict[str, Any]], at: At, types: Mapping[str, FieldType]) -> None:
            rule = RULE.validate_python(given_rule)
            wanted = {number for number, row in enumerate(rows) if matches(rule, row, at)}
            assert runner.run(found(connection, rule, rows, at, types)) == wanted

        @patient
        @given(given_rule=TYPED_RULES, rows=TYPED_ROWS, at=ATS)
        def agree_on_fields(given_rule: dict[str, Any], rows: list[dict[str, Any]], at: At) -> None:
            agree(given_rule, rows, at, TYPES)

        @patient
        @given(given_rule=UNTYPED_RULES, rows=UNTYPED_ROWS, at=ATS)
        def agree_without_types(given_rule: dict[str, Any], rows: list[dict[str, Any]], at: At) -> None:
            agree(given_rule, rows, at, NO_TYPES)

        try:
            agree_on_fields()
            agree_without_types()
        finally:
            runner.run(connection.close())
            runner.run(engine.dispose())


async def opened(connection: AsyncConnection) -> AsyncConnection:
    """Return an open connection with the table in place."""
    await connection.start()
    await connection.run_sync(ROWS.create)
    return connection


async def found(connection: AsyncConnection, rule: Any, rows: list[dict[str, Any]], at: At, types: Mapping[str, FieldType]) -> set[int]:
    """Return the numbers of the rows that the rule finds in the database."""
    await connection.execute(delete(ROWS))
    await connection.execute(insert(ROWS), [{"id": number, "folded": fold_record(row)} for number, row in enumerate(rows)])
    condition = compiled(rule, lambda field: Folded(folded_text(ROWS.c.folded, field, "postgresql"), types.get(field)), at)
    return set(await connection.scalars(select(ROWS.c.id).where(condition)))
