"""Names taken apart into words, so that `givenName`, `given_name`, `Given-Name` and `GIVENNAME` can be seen as one. Pure."""

import re
import unicodedata
from functools import lru_cache

_WITHOUT_ACCENT = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i"})
_BOUNDARIES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
_TOO_SHORT_FOR_PLURAL = 4


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a key or label: without case and accents; `e-mail` is one word."""
    spaced = _BOUNDARIES.sub(" ", unicodedata.normalize("NFKC", name[:200]))
    decomposed = unicodedata.normalize("NFKD", spaced.casefold().translate(_WITHOUT_ACCENT))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return tuple(re.sub(r"\be mail", "email", plain).split())


def squeezed(parts: tuple[str, ...]) -> str:
    """Return words without what stands between them: `firstname` and `first name` are the same name."""
    return "".join(parts)


def singular(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words with the last one in its English singular, for the names of lists."""
    if not parts or len(parts[-1]) < _TOO_SHORT_FOR_PLURAL or not parts[-1].endswith("s") or parts[-1].endswith("ss"):
        return parts
    return (*parts[:-1], parts[-1][: -2 if parts[-1].endswith("sses") else -1])
