"""Keeping people's words in step with their fields, in the transaction that writes them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.many import put
from mapper.search.words import words_of
from mapper.tables import PEOPLE_WORDS


async def keep_words(session: AsyncSession, people: Iterable[tuple[UUID, dict[str, object]]]) -> None:
    """Write the words of people, given by id and fields, in one statement."""
    rows: Sequence[dict[str, object]] = [{"person_id": person_id, "words": words_of(fields)} for person_id, fields in people]
    await put(session, PEOPLE_WORDS, rows, replacing=("words",), unique=("person_id",))
