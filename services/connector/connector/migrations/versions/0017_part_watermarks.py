"""Where quick runs begin, part by part."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
READ = "mode = 'apply' AND state IN ('completed', 'completed_with_errors', 'empty') AND watermark IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "part_watermarks",
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=200), nullable=False),
        sa.Column("began", TIMESTAMP, nullable=False),
        sa.Column("since", TIMESTAMP, nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integrations.id"], name=op.f("fk_part_watermarks_integration_id_integrations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("integration_id", "part", name=op.f("pk_part_watermarks")),
    )
    # From the last full run on, as the first quick run after it would have begun: quick runs since then are read once more.
    op.execute(f"""
        INSERT INTO part_watermarks (integration_id, part, began, since)
        SELECT last.integration_id, coalesce(parts.part, ''), last.watermark, coalesce(
            (SELECT before.watermark FROM (SELECT * FROM runs WHERE kind IN ('full', 'quick') AND {READ}) AS before
             WHERE before.integration_id = last.integration_id AND before.created_at < last.created_at
             ORDER BY before.created_at DESC LIMIT 1), last.watermark)
        FROM (SELECT runs.*, row_number() OVER (PARTITION BY integration_id ORDER BY created_at DESC) AS place
              FROM runs WHERE kind = 'full' AND {READ}) AS last
        LEFT JOIN run_parts AS parts ON parts.run_id = last.id
        WHERE last.place = 1
    """)


def downgrade() -> None:
    op.drop_table("part_watermarks")
