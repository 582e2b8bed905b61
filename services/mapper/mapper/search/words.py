"""The words of a person, and those that somebody looks for: cut in one place, so that both databases find the same. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from shared.rules.fold import fold_text

NOT_SEARCHED = frozenset(
    {"source_created_at", "source_updated_at", "synced_at", "source_type", "credential_name", "data_region", "tenant_id"},
)
"""Fields about where a record comes from: nearly everybody has the same values."""
LONGEST_WORD = 64
"""Characters of a word that are compared."""
MOST_WORDS = 1000
"""Words of one person: a full-text value of PostgreSQL holds no more than 1 MiB."""
MOST_TERMS = 20
"""Words that one search looks for."""
WORD = re.compile(r"[^\W_]+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
"""A date and time as fields store it: its digits are nobody's words."""


def words_of(fields: Mapping[str, Any]) -> str:
    """Return the words in a person's texts, each once, with blanks between them."""
    texts = (text for key, value in fields.items() if key not in NOT_SEARCHED for text in _texts(value))
    every = dict.fromkeys(word for text in texts for word in _words(text))
    return " ".join(list(every)[:MOST_WORDS])


def terms_of(search: str) -> list[tuple[str, bool]]:
    """Return the words that a search looks for, each with whether its beginning is enough.

    It is for the last word of each piece between blanks: `ann sm` finds Anna Smith, and `zoe.1@example.com` not zoe.10.
    """
    pieces = [_words(piece) for piece in search.split()]
    every = dict.fromkeys((word, place == len(words) - 1) for words in pieces for place, word in enumerate(words))
    return list(every)[:MOST_TERMS]


def _texts(value: Any) -> Iterable[str]:
    match value:
        case str() if MOMENT.fullmatch(value) is None:
            return (value,)
        case list():
            return (item for item in value if isinstance(item, str))
        case int() | float() if not isinstance(value, bool):
            return (str(value),)
        case _:
            return ()


def _words(text: str) -> list[str]:
    """Return the words of a text as they are compared: folded, and without accents."""
    folded = fold_text(text)
    if not folded.isascii():
        apart = unicodedata.normalize("NFKD", folded)
        folded = unicodedata.normalize("NFC", "".join(char for char in apart if not unicodedata.combining(char)))
    return [word[:LONGEST_WORD] for word in WORD.findall(folded)]
