"""What the connector stores, one subject a file."""

from connector.tables.agents import AGENTS
from connector.tables.base import INBOX, METADATA, OUTBOX
from connector.tables.credentials import CREDENTIALS, VARIABLES
from connector.tables.files import FILE_PIECES, FILES
from connector.tables.integrations import INTEGRATION_INPUTS, INTEGRATIONS
from connector.tables.notices import CONTACT_SECRETS, CONTACTS, DELIVERIES, NOTICES
from connector.tables.operations import OPERATIONS
from connector.tables.quarantine import QUARANTINES
from connector.tables.rates import RATE_BUDGETS
from connector.tables.runs import PART_WATERMARKS, RUN_ERRORS, RUN_LOG, RUN_PAGES, RUN_PARTS, RUN_SUSPECTS, RUNS
from connector.tables.schedules import SCHEDULES
from shared.db.migrate import Schema

__all__ = [
    "AGENTS",
    "CONTACTS",
    "CONTACT_SECRETS",
    "CREDENTIALS",
    "DELIVERIES",
    "FILES",
    "FILE_PIECES",
    "INBOX",
    "INTEGRATIONS",
    "INTEGRATION_INPUTS",
    "METADATA",
    "NOTICES",
    "OPERATIONS",
    "OUTBOX",
    "PART_WATERMARKS",
    "QUARANTINES",
    "RATE_BUDGETS",
    "RUNS",
    "RUN_ERRORS",
    "RUN_LOG",
    "RUN_PAGES",
    "RUN_PARTS",
    "RUN_SUSPECTS",
    "SCHEDULES",
    "SCHEMA",
    "VARIABLES",
]

SCHEMA = Schema(name="connector", package="connector", metadata=METADATA)
