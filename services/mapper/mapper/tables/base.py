"""What all tables of the mapper share."""

from typing import Any

from sqlalchemy import MetaData, text

from shared.db.naming import metadata
from shared.inbox import inbox_table
from shared.outbox import outbox_table


def of_some(column: str) -> dict[str, Any]:
    """Return what keeps an index to the rows that have a value: most have none, and shall not pay for it."""
    has_one = text(f"{column} IS NOT NULL")
    return {"sqlite_where": has_one, "postgresql_where": has_one}


METADATA: MetaData = metadata()
OUTBOX = outbox_table(METADATA)
INBOX = inbox_table(METADATA)
