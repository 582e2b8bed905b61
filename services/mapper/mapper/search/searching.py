"""Finding people by their words: PostgreSQL with a text vector of exactly these words, SQLite with FTS5."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, literal, literal_column, select, type_coerce
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Boolean, String, UserDefinedType

from mapper.search.words import terms_of
from mapper.tables import PEOPLE_WORDS

FTS = "people_words_fts"
"""The FTS5 table that indexes `people_words` in SQLite; a migration makes it, with triggers that keep it in step."""


class _Query(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


def found_by(session: AsyncSession, search: str) -> Select[tuple[UUID]]:
    """Return the ids of the people in whom every word of `search` begins a word of theirs. Nobody is found by no word at all."""
    people = select(PEOPLE_WORDS.c.person_id)
    terms = terms_of(search)
    if not terms:
        return people.where(false())
    if session.get_bind().dialect.name == "postgresql":
        # OFFSET 0 keeps this apart: PostgreSQL, which cannot tell how rare a beginning is, would walk the list and cut each one's words.
        return people.where(_in_postgres(terms)).offset(literal_column("0"))
    return people.where(_in_sqlite(terms))


def _in_postgres(terms: list[tuple[str, bool]]) -> ColumnElement[bool]:
    # Made by hand and cast: to_tsquery would cut the words again, by rules that depend on the server's locale.
    query = " & ".join(f"'{word}'{':*' if begins else ''}" for word, begins in terms)
    vector = type_coerce(func.array_to_tsvector(func.string_to_array(PEOPLE_WORDS.c.words, literal_column("' '"))), TSVECTOR)
    return vector.op("@@", return_type=Boolean())(sql_cast(literal(query, String), _Query))


def _in_sqlite(terms: list[tuple[str, bool]]) -> ColumnElement[bool]:
    query = " AND ".join(f'"{word}"{"*" if begins else ""}' for word, begins in terms)
    hits: Select[Any] = select(literal_column("rowid")).select_from(func.people_words_fts(query).table_valued("rowid"))
    return PEOPLE_WORDS.c.position.in_(hits)
