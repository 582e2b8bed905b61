"""Conflicts of matching, what was decided on them, and who is held back for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KIND = "ck_held_back_kind"


def upgrade() -> None:
    op.create_table(
        "match_conflicts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(200), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("object_type", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("record", JSON, nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("since", TIMESTAMP, nullable=False),
        sa.Column("decision", sa.String(10), nullable=True),
        sa.Column("chosen_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(1000), nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=True),
        sa.Column("decided_at", TIMESTAMP, nullable=True),
        sa.CheckConstraint("state IN ('open', 'settled')", name=op.f("ck_match_conflicts_state")),
        sa.CheckConstraint("decision IN ('choose', 'create', 'ignore')", name=op.f("ck_match_conflicts_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_conflicts")),
    )
    op.create_index(op.f("ix_match_conflicts_chosen_id"), "match_conflicts", ["chosen_id"])
    op.create_index("uq_match_conflicts_source_id_integration_id", "match_conflicts", ["source_id", "integration_id"], unique=True)
    op.create_index("ix_match_conflicts_integration_id_state", "match_conflicts", ["integration_id", "state"])
    op.create_table(
        "match_candidates",
        sa.Column("conflict_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("keys", JSON, nullable=False),
        sa.Column("sole", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conflict_id"], ["match_conflicts.id"], name=op.f("fk_match_candidates_conflict_id_match_conflicts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conflict_id", "record_id", name=op.f("pk_match_candidates")),
    )
    op.create_index(op.f("ix_match_candidates_record_id"), "match_candidates", ["record_id"])
    with op.batch_alter_table("held_back") as table:
        table.drop_constraint(op.f(KIND), type_="check")
        table.create_check_constraint(op.f(KIND), "kind IN ('rejected', 'preference', 'put_away', 'conflict', 'ignored')")


def downgrade() -> None:
    op.execute("DELETE FROM held_back WHERE kind IN ('conflict', 'ignored')")
    with op.batch_alter_table("held_back") as table:
        table.drop_constraint(op.f(KIND), type_="check")
        table.create_check_constraint(op.f(KIND), "kind IN ('rejected', 'preference', 'put_away')")
    op.drop_table("match_candidates")
    op.drop_table("match_conflicts")
