"""Lists: indexes by which they are sorted and filtered, and people's words for full-text search."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mapper.search.words import words_of

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PEOPLE = sa.table("people", sa.column("id", sa.Uuid()), sa.column("fields", JSON))
WORDS = sa.table("people_words", sa.column("person_id", sa.Uuid()), sa.column("words", sa.Text()))
SORTED = (("people", "email"), ("people", "full_name"), ("saas_users", "email"))
AT_ONCE = 1000

FTS5 = (
    """CREATE VIRTUAL TABLE people_words_fts
        USING fts5(words, content='people_words', content_rowid='position', tokenize='unicode61 remove_diacritics 0')""",
    """CREATE TRIGGER people_words_added AFTER INSERT ON people_words BEGIN
        INSERT INTO people_words_fts (rowid, words) VALUES (new.position, new.words);
    END""",
    """CREATE TRIGGER people_words_removed AFTER DELETE ON people_words BEGIN
        INSERT INTO people_words_fts (people_words_fts, rowid, words) VALUES ('delete', old.position, old.words);
    END""",
    """CREATE TRIGGER people_words_changed AFTER UPDATE ON people_words BEGIN
        INSERT INTO people_words_fts (people_words_fts, rowid, words) VALUES ('delete', old.position, old.words);
        INSERT INTO people_words_fts (rowid, words) VALUES (new.position, new.words);
    END""",
)


def upgrade() -> None:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    op.create_index("ix_saas_users_saas_instance_id_id", "saas_users", ["saas_instance_id", "id"], unique=False)
    for table, field in SORTED:
        key = f"(folded ->> '{field}') COLLATE \"C\" NULLS FIRST" if is_postgres else f"json_extract(folded, '$.{field}')"
        op.execute(f"CREATE INDEX fx_{table}_{field} ON {table} ({key}, id)")
    op.create_table(
        "people_words",
        sa.Column("position", BIG, autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_people_words_person_id_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_people_words")),
        sa.UniqueConstraint("person_id", name=op.f("uq_people_words_person_id")),
        sqlite_autoincrement=True,
    )
    if not is_postgres:
        for statement in FTS5:
            op.execute(statement)
    _write_words(op.get_bind())
    if is_postgres:
        op.execute("CREATE INDEX fx_people_words_words ON people_words USING gin (array_to_tsvector(string_to_array(words, ' ')))")


def _write_words(connection: sa.Connection) -> None:
    """Cut the words of everybody who is there."""
    some = sa.select(PEOPLE.c.id, PEOPLE.c.fields).order_by(PEOPLE.c.id).limit(AT_ONCE)
    rows = connection.execute(some).all()
    while rows:
        connection.execute(sa.insert(WORDS), [{"person_id": row.id, "words": words_of(row.fields)} for row in rows])
        rows = connection.execute(some.where(PEOPLE.c.id > rows[-1].id)).all()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE people_words_fts")
    op.drop_table("people_words")
    for table, field in SORTED:
        op.execute(f"DROP INDEX fx_{table}_{field}")
    op.drop_index("ix_saas_users_saas_instance_id_id", table_name="saas_users")
