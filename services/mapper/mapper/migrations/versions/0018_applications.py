"""The software catalogue: every application that has SaaS instances becomes an entry."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from shared.ids import new_id
from shared.rules.fold import fold_text

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
TO_ENTRY = "fk_saas_instances_application_id_applications"


def upgrade() -> None:
    applications = op.create_table(
        "applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=True),
        sa.Column("publisher", sa.String(length=200), nullable=True),
        sa.Column("url", sa.String(length=1000), nullable=True),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("name_key", name=op.f("uq_applications_name_key")),
    )
    names = op.create_table(
        "application_names",
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_application_names_application_id_applications"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name_key", name=op.f("pk_application_names")),
    )
    op.create_index(op.f("ix_application_names_application_id"), "application_names", ["application_id"], unique=False)
    op.add_column("saas_instances", sa.Column("application_id", sa.Uuid(), nullable=True))
    _fill(applications, names)
    with op.batch_alter_table("saas_instances") as instances:
        instances.alter_column("application_id", existing_type=sa.Uuid(), nullable=False)
        instances.create_foreign_key(op.f(TO_ENTRY), "applications", ["application_id"], ["id"], ondelete="RESTRICT")
        instances.drop_column("application")
    op.create_index(op.f("ix_saas_instances_application_id"), "saas_instances", ["application_id"], unique=False)


def _fill(applications: sa.Table, names: sa.Table) -> None:
    instances = sa.table(
        "saas_instances", sa.column("id", sa.Uuid), sa.column("application", sa.String), sa.column("application_id", sa.Uuid)
    )
    bind, moment = op.get_bind(), dt.datetime.now(dt.UTC)
    known: dict[str, UUID] = {}
    for row in bind.execute(sa.select(instances).order_by(instances.c.id)).all():
        key = fold_text(row.application)
        if key not in known:
            known[key] = new_id()
            entry = {"id": known[key], "name": row.application, "name_key": key, "created_at": moment, "updated_at": moment}
            bind.execute(applications.insert().values(entry))
            bind.execute(names.insert().values(name_key=key, name=row.application, application_id=known[key]))
        bind.execute(instances.update().where(instances.c.id == row.id).values(application_id=known[key]))


def downgrade() -> None:
    op.add_column("saas_instances", sa.Column("application", sa.String(length=200), nullable=True))
    op.execute(
        "UPDATE saas_instances SET application = (SELECT name FROM applications WHERE applications.id = saas_instances.application_id)"
    )
    op.drop_index(op.f("ix_saas_instances_application_id"), "saas_instances")
    with op.batch_alter_table("saas_instances") as instances:
        instances.alter_column("application", existing_type=sa.String(length=200), nullable=False)
        instances.drop_constraint(op.f(TO_ENTRY), type_="foreignkey")
        instances.drop_column("application_id")
    op.drop_table("application_names")
    op.drop_table("applications")
