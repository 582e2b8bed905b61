"""Assets, the links of devices to them, and mappings that are about either."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OF_DEVICES = ("asset_id", "assigned_source_id")


def upgrade() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("folded", JSON, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_assets_person_id_people"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
    )
    op.create_index(op.f("ix_assets_person_id"), "assets", ["person_id"], unique=False)
    with op.batch_alter_table("links") as table:
        table.alter_column("person_id", existing_type=sa.Uuid(), nullable=True)
        table.add_column(sa.Column("asset_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("assigned_source_id", sa.String(length=200), nullable=True))
        table.create_foreign_key(op.f("fk_links_asset_id_assets"), "assets", ["asset_id"], ["id"], ondelete="CASCADE")
        table.create_check_constraint(op.f("ck_links_of_somebody"), "person_id IS NOT NULL OR asset_id IS NOT NULL")
    for column in OF_DEVICES:
        has_one = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_links_{column}", "links", [column], unique=False, sqlite_where=has_one, postgresql_where=has_one)
    op.add_column("mapping_uses", sa.Column("application", sa.String(length=200), nullable=True))
    op.add_column("plan_items", sa.Column("asset_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("plan_claims") as table:
        table.alter_column("person_id", new_column_name="record_id", existing_type=sa.Uuid(), existing_nullable=True)
    with op.batch_alter_table("mapping_versions") as table:
        table.add_column(sa.Column("object_type", sa.String(length=20), nullable=False, server_default="person"))
    with op.batch_alter_table("mapping_versions") as table:
        table.alter_column("object_type", existing_type=sa.String(length=20), server_default=None)


def downgrade() -> None:
    """Go back to people alone: what was known of devices goes with the tables that hold it."""
    op.execute("DELETE FROM mapping_versions WHERE object_type <> 'person'")
    with op.batch_alter_table("mapping_versions") as table:
        table.drop_column("object_type")
    with op.batch_alter_table("plan_claims") as table:
        table.alter_column("record_id", new_column_name="person_id", existing_type=sa.Uuid(), existing_nullable=True)
    with op.batch_alter_table("plan_items") as table:
        table.drop_column("asset_id")
    with op.batch_alter_table("mapping_uses") as table:
        table.drop_column("application")
    op.execute("DELETE FROM links WHERE person_id IS NULL")
    op.execute("DELETE FROM unique_values WHERE object_type = 'asset'")
    op.execute("DELETE FROM revisions WHERE record_type = 'asset'")
    for column in OF_DEVICES:
        op.drop_index(f"ix_links_{column}", table_name="links")
    with op.batch_alter_table("links") as table:
        table.drop_constraint(op.f("ck_links_of_somebody"), type_="check")
        table.drop_constraint(op.f("fk_links_asset_id_assets"), type_="foreignkey")
        for column in OF_DEVICES:
            table.drop_column(column)
        table.alter_column("person_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_index(op.f("ix_assets_person_id"), table_name="assets")
    op.drop_table("assets")
