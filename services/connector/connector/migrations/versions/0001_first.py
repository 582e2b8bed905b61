"""First: credentials, variables, integrations, runs, operations, and the tables of messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
NOT_ENDED = sa.text("ended_at IS NULL")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("provider", sa.String(length=100), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("last_tested_at", TIMESTAMP, nullable=True),
        sa.Column("last_test_ok", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("name_key", name=op.f("uq_credentials_name_key")),
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
        "operations",
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("provider", sa.String(length=100), nullable=False),
        sa.Column("operation", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("outcome", JSON, nullable=True),
        sa.Column("sent", JSON, nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", TIMESTAMP, nullable=True),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_operations")),
    )
    op.create_index(op.f("ix_operations_updated_at"), "operations", ["updated_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
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
        "variables",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variables")),
        sa.UniqueConstraint("name_key", name=op.f("uq_variables_name_key")),
    )
    op.create_table(
        "integrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("user_selection", sa.String(length=40), nullable=True),
        sa.Column("installation", sa.String(length=20), nullable=False),
        sa.Column("preference", sa.String(length=40), nullable=False),
        sa.Column("integration_user", sa.String(length=200), nullable=True),
        sa.Column("saas_instance_id", sa.Uuid(), nullable=True),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("state IN ('draft', 'active', 'paused')", name=op.f("ck_integrations_state")),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials.id"], name=op.f("fk_integrations_credential_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        sa.UniqueConstraint("name_key", name=op.f("uq_integrations_name_key")),
    )
    op.create_index(op.f("ix_integrations_credential_id"), "integrations", ["credential_id"], unique=False)
    op.create_table(
        "integration_inputs",
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("variable_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.CheckConstraint("(variable_id IS NULL) <> (value IS NULL)", name=op.f("ck_integration_inputs_one_of_both")),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integrations.id"], name=op.f("fk_integration_inputs_integration_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["variable_id"], ["variables.id"], name=op.f("fk_integration_inputs_variable_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("integration_id", "key", name=op.f("pk_integration_inputs")),
    )
    op.create_index(op.f("ix_integration_inputs_variable_id"), "integration_inputs", ["variable_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("phase", sa.String(length=30), nullable=False),
        sa.Column("provenance", JSON, nullable=True),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("input_variables", JSON, nullable=True),
        sa.Column("next_cursor", JSON, nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("pages_applied", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("filtered", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("newly_missing", sa.Integer(), nullable=False),
        sa.Column("error", JSON, nullable=True),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", TIMESTAMP, nullable=True),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("started_at", TIMESTAMP, nullable=True),
        sa.Column("applying_since", TIMESTAMP, nullable=True),
        sa.Column("ended_at", TIMESTAMP, nullable=True),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"], name=op.f("fk_runs_integration_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_integration_id_created_at", "runs", ["integration_id", "created_at"], unique=False)
    op.create_index(
        "uq_runs_not_ended",
        "runs",
        ["integration_id"],
        unique=True,
        postgresql_where=NOT_ENDED,
        sqlite_where=NOT_ENDED,
    )
    op.create_table(
        "run_errors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("record", JSON, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_errors_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_errors")),
    )
    op.create_index(op.f("ix_run_errors_run_id"), "run_errors", ["run_id"], unique=False)
    op.create_table(
        "run_pages",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("fetched_at", TIMESTAMP, nullable=False),
        sa.Column("applied_at", TIMESTAMP, nullable=True),
        sa.CheckConstraint("kind IN ('listing', 'drift')", name=op.f("ck_run_pages_kind")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_pages_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "page", name=op.f("pk_run_pages")),
    )
    op.create_table(
        "run_suspects",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("finding", sa.String(length=20), nullable=True),
        sa.Column("proof", JSON, nullable=True),
        sa.Column("record", JSON, nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.CheckConstraint("finding IN ('absent', 'present', 'unclear')", name=op.f("ck_run_suspects_finding")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_suspects_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "source_id", name=op.f("pk_run_suspects")),
    )


def downgrade() -> None:
    op.drop_table("run_suspects")
    op.drop_table("run_pages")
    op.drop_index(op.f("ix_run_errors_run_id"), table_name="run_errors")
    op.drop_table("run_errors")
    op.drop_index("uq_runs_not_ended", table_name="runs", postgresql_where=NOT_ENDED, sqlite_where=NOT_ENDED)
    op.drop_index("ix_runs_integration_id_created_at", table_name="runs")
    op.drop_table("runs")
    op.drop_index(op.f("ix_integration_inputs_variable_id"), table_name="integration_inputs")
    op.drop_table("integration_inputs")
    op.drop_index(op.f("ix_integrations_credential_id"), table_name="integrations")
    op.drop_table("integrations")
    op.drop_table("variables")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_operations_updated_at"), table_name="operations")
    op.drop_table("operations")
    op.drop_index(op.f("ix_inbox_handled_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("credentials")
