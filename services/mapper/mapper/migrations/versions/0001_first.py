"""First: fields, mappings, people, SaaS instances and users, links, revisions, and the tables of messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "fields",
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=63), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("is_unique", sa.Boolean(), nullable=False),
        sa.Column("history", sa.Boolean(), nullable=False),
        sa.Column("editable", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("object_type", "key", name=op.f("pk_fields")),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=100), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handled_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"], unique=False)
    op.create_table(
        "mapping_versions",
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("targets", JSON, nullable=False),
        sa.Column("sync_keys", JSON, nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("integration_id", "version", name=op.f("pk_mapping_versions")),
    )
    op.create_table(
        "outbox",
        sa.Column("position", BIG, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("folded", JSON, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "revisions",
        sa.Column("position", BIG, autoincrement=True, nullable=False),
        sa.Column("record_type", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("cause", JSON, nullable=False),
        sa.Column("proof", JSON, nullable=True),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_revisions")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_revisions_record_type_record_id_revision", "revisions", ["record_type", "record_id", "revision"], unique=True)
    op.create_table(
        "saas_instances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saas_instances")),
        sa.UniqueConstraint("name_key", name=op.f("uq_saas_instances_name_key")),
    )
    op.create_table(
        "unique_values",
        sa.Column("value", sa.String(length=1000), nullable=False),
        sa.Column("field", sa.String(length=63), nullable=False),
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("value", "field", "object_type", name=op.f("pk_unique_values")),
    )
    op.create_index(op.f("ix_unique_values_record_id"), "unique_values", ["record_id"], unique=False)
    op.create_table(
        "saas_users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("saas_instance_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("folded", JSON, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_saas_users_person_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["saas_instance_id"], ["saas_instances.id"], name=op.f("fk_saas_users_saas_instance_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saas_users")),
    )
    op.create_index("uq_saas_users_person_id_saas_instance_id", "saas_users", ["person_id", "saas_instance_id"], unique=True)
    op.create_table(
        "links",
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("saas_user_id", sa.Uuid(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("last_run_id", sa.Uuid(), nullable=False),
        sa.Column("last_observed_at", TIMESTAMP, nullable=False),
        sa.Column("first_observed_at", TIMESTAMP, nullable=False),
        sa.Column("first_seen", JSON, nullable=False),
        sa.Column("missing_since", TIMESTAMP, nullable=True),
        sa.Column("deleted_at", TIMESTAMP, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_links_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["saas_user_id"], ["saas_users.id"], name=op.f("fk_links_saas_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("source_id", "integration_id", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_person_id"), "links", ["person_id"], unique=False)
    op.create_index(op.f("ix_links_saas_user_id"), "links", ["saas_user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_links_saas_user_id"), table_name="links")
    op.drop_index(op.f("ix_links_person_id"), table_name="links")
    op.drop_table("links")
    op.drop_index("uq_saas_users_person_id_saas_instance_id", table_name="saas_users")
    op.drop_table("saas_users")
    op.drop_index(op.f("ix_unique_values_record_id"), table_name="unique_values")
    op.drop_table("unique_values")
    op.drop_table("saas_instances")
    op.drop_index("uq_revisions_record_type_record_id_revision", table_name="revisions")
    op.drop_table("revisions")
    op.drop_table("people")
    op.drop_table("outbox")
    op.drop_table("mapping_versions")
    op.drop_index(op.f("ix_inbox_handled_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("fields")
