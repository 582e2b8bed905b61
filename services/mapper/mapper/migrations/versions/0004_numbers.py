"""Numbers folded with their digits: rules compare them exactly, and look for what they begin with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.rules.fold import fold_record

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
FIELDS = sa.table("fields", sa.column("object_type"), sa.column("data_type"))
TABLES = {"person": "people", "saas_user": "saas_users"}
AT_ONCE = 1000


def upgrade() -> None:
    """Fold anew what has numbers. The folded text is derived: whichever version of the code writes it is the one that reads it."""
    connection = op.get_bind()
    with_numbers = connection.scalars(sa.select(FIELDS.c.object_type).where(FIELDS.c.data_type == "number").distinct())
    for object_type in list(with_numbers):
        _fold_again(connection, TABLES[object_type])


def _fold_again(connection: sa.Connection, name: str) -> None:
    table = sa.table(name, sa.column("id", sa.Uuid()), sa.column("fields", JSON), sa.column("folded", JSON))
    some = sa.select(table.c.id, table.c.fields).order_by(table.c.id).limit(AT_ONCE)
    rows = connection.execute(some).all()
    while rows:
        folded = [{"key": row.id, "new": fold_record(row.fields)} for row in rows]
        connection.execute(sa.update(table).where(table.c.id == sa.bindparam("key")).values(folded=sa.bindparam("new", type_=JSON)), folded)
        rows = connection.execute(some.where(table.c.id > rows[-1].id)).all()


def downgrade() -> None:
    """Nothing: the values themselves did not change."""
