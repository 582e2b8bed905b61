"""The software catalogue: applications, their instances, and who uses those."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# The software catalogue.
APPLICATIONS = Table(
    "applications",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("category", String(200)),
    Column("publisher", String(200)),
    Column("url", String(1000)),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)

# Every name that an entry has or had: providers know it by the name that it came with.
APPLICATION_NAMES = Table(
    "application_names",
    METADATA,
    Column("name_key", Text, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("application_id", Uuid, ForeignKey("applications.id", ondelete="CASCADE"), nullable=False, index=True),
)

SAAS_INSTANCES = Table(
    "saas_instances",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("application_id", Uuid, ForeignKey("applications.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("created_at", Timestamp, nullable=False),
)

# The roles that the users of an instance have: each once, with the id that the SaaS gives it, if it gives one.
SAAS_ROLES = Table(
    "saas_roles",
    METADATA,
    Column("saas_instance_id", Uuid, ForeignKey("saas_instances.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(1100), primary_key=True),
    Column("external_id", String(1024)),
    Column("label", String(1024), nullable=False),
    # How labels are compared.
    Column("label_key", Text, nullable=False),
)

SAAS_USERS = Table(
    "saas_users",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="RESTRICT"), nullable=False),
    Column("saas_instance_id", Uuid, ForeignKey("saas_instances.id", ondelete="RESTRICT"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("fields", Json, nullable=False),
    Column("folded", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    Index("uq_saas_users_person_id_saas_instance_id", "person_id", "saas_instance_id", unique=True),
    Index("ix_saas_users_saas_instance_id_id", "saas_instance_id", "id"),
)
