"""Give the workflow engine its first tables."""

import sqlalchemy as sa
from alembic import op

from shared.db.types import BigIdentity, Json, Timestamp

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=100), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handled_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("position", BigIdentity, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "workflows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("active_version", sa.Integer(), nullable=True),
        sa.Column("definition", Json, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.CheckConstraint("state IN ('draft', 'active', 'inactive')", name=op.f("ck_workflows_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflows")),
        sa.UniqueConstraint("name_key", name=op.f("uq_workflows_name_key")),
    )
    op.create_index(op.f("ix_workflows_state"), "workflows", ["state"], unique=False)

    op.create_table(
        "versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.String(length=20), nullable=False),
        sa.Column("definition", Json, nullable=False),
        sa.Column("presets", Json, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("starts_on IN ('manual', 'record_changed')", name=op.f("ck_versions_starts_on")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflows.id"], name=op.f("fk_versions_workflow_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("workflow_id", "version", name=op.f("uq_versions_workflow_id_version")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("exit", sa.String(length=20), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", Timestamp, nullable=False),
        sa.Column("ended_at", Timestamp, nullable=True),
        sa.CheckConstraint("exit IN ('success', 'failure')", name=op.f("ck_runs_exit")),
        sa.CheckConstraint("state IN ('running', 'succeeded', 'failed')", name=op.f("ck_runs_state")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_runs_version_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflows.id"], name=op.f("fk_runs_workflow_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("version_id", "record_id", "cause_id", name=op.f("uq_runs_version_id_record_id_cause_id")),
    )
    op.create_index(op.f("ix_runs_record_id"), "runs", ["record_id"], unique=False)
    op.create_index("ix_runs_workflow_id_id", "runs", ["workflow_id", "id"], unique=False)
    op.create_index("ix_runs_workflow_id_state_id", "runs", ["workflow_id", "state", "id"], unique=False)

    op.create_table(
        "steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.String(length=63), nullable=False),
        sa.Column("block_type", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("exit", sa.String(length=20), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("due_at", Timestamp, nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("lease_until", Timestamp, nullable=True),
        sa.Column("started_at", Timestamp, nullable=True),
        sa.Column("ended_at", Timestamp, nullable=True),
        sa.CheckConstraint("exit IN ('success', 'failure')", name=op.f("ck_steps_exit")),
        sa.CheckConstraint("state IN ('ready', 'running', 'applying', 'succeeded', 'failed')", name=op.f("ck_steps_state")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_steps_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_steps_version_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
        sa.UniqueConstraint("run_id", "block_id", name=op.f("uq_steps_run_id_block_id")),
    )
    op.create_index(op.f("ix_steps_claim_id"), "steps", ["claim_id"], unique=False)
    op.create_index("ix_steps_state_due_at", "steps", ["state", "due_at"], unique=False)
    op.create_index("ix_steps_state_lease_until", "steps", ["state", "lease_until"], unique=False)
    op.create_index("ix_steps_version_id_block_id_state_due_at", "steps", ["version_id", "block_id", "state", "due_at"], unique=False)


def downgrade() -> None:

    op.drop_table("steps")

    op.drop_table("runs")
    op.drop_table("versions")

    op.drop_table("workflows")
    op.drop_table("outbox")

    op.drop_table("inbox")
