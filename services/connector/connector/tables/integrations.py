"""Integrations and their inputs."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, Text, Uuid

from connector.tables.base import METADATA
from shared.db.types import Timestamp

INTEGRATIONS = Table(
    "integrations",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("provider", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("user_selection", String(40)),
    Column("installation", String(20), nullable=False),
    Column("preference", String(40), nullable=False),
    Column("integration_user", String(200)),
    Column("saas_instance_id", Uuid),
    Column("credential_id", Uuid, ForeignKey("credentials.id", ondelete="RESTRICT"), index=True),
    # Of a local installation, in place of a stored credential: who reads the source, and what it calls the credential that signs in.
    Column("agent", String(200), index=True),
    Column("local_credential", String(200)),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    CheckConstraint("state IN ('draft', 'active', 'paused', 'archived')", name="state"),
)

INTEGRATION_INPUTS = Table(
    "integration_inputs",
    METADATA,
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("variable_id", Uuid, ForeignKey("variables.id", ondelete="RESTRICT"), index=True),
    Column("value", Text),
    CheckConstraint("(variable_id IS NULL) <> (value IS NULL)", name="one_of_both"),
)
