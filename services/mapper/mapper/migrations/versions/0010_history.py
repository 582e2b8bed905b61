"""History: what revisions need to be undone, explained and compacted; undos; who is held back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("revisions", sa.Column("origin", JSON, nullable=True))
    op.add_column("revisions", sa.Column("melted_from", TIMESTAMP, nullable=True))
    op.create_table(
        "applied_runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("integration_name", sa.String(length=200), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("first_at", TIMESTAMP, nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "mapping_version", name=op.f("pk_applied_runs")),
    )
    op.create_table(
        "compaction",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("until", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compaction")),
    )
    op.create_table(
        "held_back",
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("reason", JSON, nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("since", TIMESTAMP, nullable=False),
        sa.CheckConstraint("kind IN ('rejected', 'preference')", name=op.f("ck_held_back_kind")),
        sa.PrimaryKeyConstraint("source_id", "integration_id", name=op.f("pk_held_back")),
    )
    op.create_index("ix_held_back_integration_id", "held_back", ["integration_id"], unique=False)
    op.create_table(
        "undos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root_run_id", sa.Uuid(), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=False),
        sa.Column("undoes_kind", sa.String(length=10), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("integration_name", sa.String(length=200), nullable=False),
        sa.Column("applies", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("person_cursor", sa.Uuid(), nullable=True),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("own_first", sa.BigInteger(), nullable=True),
        sa.Column("own_last", sa.BigInteger(), nullable=True),
        sa.Column("crossed", JSON, nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", TIMESTAMP, nullable=False),
        sa.Column("ended_at", TIMESTAMP, nullable=True),
        sa.CheckConstraint("undoes_kind IN ('run', 'undo')", name=op.f("ck_undos_undoes_kind")),
        sa.CheckConstraint("state IN ('collecting', 'judging', 'weighing', 'planned', 'applying', 'done')", name=op.f("ck_undos_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undos")),
    )
    op.create_index(op.f("ix_undos_root_run_id"), "undos", ["root_run_id"], unique=False)
    op.create_table(
        "undo_items",
        sa.Column("undo_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.String(length=60), nullable=True),
        sa.Column("action", sa.String(length=20), nullable=True),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("conflicts", JSON, nullable=False),
        sa.Column("conflicted", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.CheckConstraint("action IN ('put_back', 'remove', 'bring_back', 'keep', 'nothing')", name=op.f("ck_undo_items_action")),
        sa.CheckConstraint("outcome IN ('applied', 'kept', 'withheld', 'nothing')", name=op.f("ck_undo_items_outcome")),
        sa.PrimaryKeyConstraint("undo_id", "record_id", name=op.f("pk_undo_items")),
    )
    op.create_index("ix_undo_items_undo_id_person_id", "undo_items", ["undo_id", "person_id"], unique=False)
    op.create_table(
        "unmade",
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("undo_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "integration_id", name=op.f("pk_unmade")),
    )
    op.create_index(op.f("ix_unmade_integration_id"), "unmade", ["integration_id"], unique=False)


def downgrade() -> None:
    for table in ("unmade", "undo_items", "undos", "held_back", "compaction", "applied_runs"):
        op.drop_table(table)
    op.drop_column("revisions", "melted_from")
    op.drop_column("revisions", "origin")
