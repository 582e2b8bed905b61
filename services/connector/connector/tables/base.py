"""The metadata that all tables of the connector share, and the tables of messages."""

from sqlalchemy import MetaData

from shared.db.naming import metadata
from shared.inbox import inbox_table
from shared.outbox import outbox_table

METADATA: MetaData = metadata()
OUTBOX = outbox_table(METADATA)
INBOX = inbox_table(METADATA)
