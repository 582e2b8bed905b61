"""What a rule asks can be served by an index on the folded text, on both databases."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, Index, MetaData, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import engine_for
from shared.rules.fold import fold_record
from shared.rules.sql import Folded, compiled, folded_text
from tests.support.rules import NOON, ROWS, RULE, TYPES

MANY = 3000


@pytest.fixture
async def indexed(database_url: SecretStr) -> AsyncIterator[AsyncEngine]:
    """Give a database with rows, and an index on each field's folded text."""
    engine = engine_for(database_url, "public")
    table = ROWS.to_metadata(MetaData())
    for field in TYPES:
        Index(f"ix_{field}", folded_text(table.c.folded, field, engine.dialect.name))
    async with engine.begin() as connection:
        await connection.run_sync(table.create)
        rows = [
            {"name": f"Żoë {number}", "size": number, "due": f"2026-05-01T00:00:{number % 60:02d}.{number % 1000:03d}Z"}
            for number in range(MANY)
        ]
        await connection.execute(insert(ROWS), [{"id": number, "folded": fold_record(row)} for number, row in enumerate(rows)])
        await connection.execute(text("ANALYZE"))
    yield engine
    await engine.dispose()


@pytest.mark.parametrize(
    ("rule", "index"),
    [
        ({"field": "name", "operator": "equals", "value": "ŻOË 7"}, "ix_name"),
        ({"field": "name", "operator": "in", "value": ["żoë 7", "żoë 8"]}, "ix_name"),
        ({"field": "name", "operator": "begins_with", "value": "żoë 77"}, "ix_name"),
        ({"field": "size", "operator": "at_least", "value": 2990}, "ix_size"),
        ({"field": "due", "operator": "less_than", "value": {"moment": "2026-05-01T00:00:01Z"}}, "ix_due"),
        ({"field": "due", "operator": "days_backward", "value": 30}, "ix_due"),
        (
            {
                "not": {
                    "any": [
                        {"not": {"field": "size", "operator": "equals", "value": 5}},
                        {"field": "flag", "operator": "equals", "value": True},
                    ]
                }
            },
            "ix_size",
        ),
    ],
)
async def test_an_index_serves_what_a_rule_asks(indexed: AsyncEngine, rule: Any, index: str) -> None:
    """A filter over a million people must not have to read each of them."""
    dialect = indexed.dialect
    condition = compiled(RULE.validate_python(rule), lambda key: Folded(folded_text(ROWS.c.folded, key, dialect.name), TYPES[key]), NOON)
    statement = select(ROWS.c.id).where(condition)
    words = "EXPLAIN" if dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"

    def explained(connection: Connection) -> str:
        ready = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        values = tuple(ready.params[name] for name in ready.positiontup or ())
        return "\n".join(" ".join(str(part) for part in row) for row in connection.exec_driver_sql(f"{words} {ready}", values))

    async with indexed.connect() as connection:
        plan = await connection.run_sync(explained)
    assert index in plan, plan
