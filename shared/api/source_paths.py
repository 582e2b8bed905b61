"""Paths into raw records: keys, one by one. They are data: nothing in a path is ever computed."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

LONGEST_PATH = 16

_WRAPPED = re.compile(r"^\{\{(.*)\}\}$", re.DOTALL)
_QUOTED = re.compile(r"""^(?:"[^"]*"|'[^']*')$""")
_RESPONSE = re.compile(r"^response(?:\.|(?=\[))")
_STEP = re.compile(r"""\[(?:(?P<index>\d{1,6})|"(?P<double>[^"]+)"|'(?P<single>[^']+)')\]|(?P<dot>\.)?(?P<key>[^.\[\]{}"']+)""")


def parse_path(text: str) -> list[str]:
    """Return the keys of a path as people type it.

    `name`, `profile.name`, `profile["cost centre"].name`, `addresses[0].city`, each with or without double braces, and
    within braces with or without `response.` in front. Raises `ValueError`, which says what is wrong.
    """
    bare = text.strip()
    if wrapped := _WRAPPED.match(bare):
        bare = wrapped[1].strip()
        if _QUOTED.match(bare):
            raise ValueError("a text in quotes is a constant; map the field to a constant instead")
        bare = _RESPONSE.sub("", bare)
    keys: list[str] = []
    place = 0
    while place < len(bare):
        step = _STEP.match(bare, place)
        if step is None or bool(step["dot"]) is not bool(step["key"] and keys):
            raise ValueError(
                f'cannot be read from {bare[place : place + 20]!r} on; write keys with other signs in brackets: ["cost.centre"]'
            )
        keys.append(next(part for part in (step["index"], step["double"], step["single"], step["key"]) if part is not None))
        place = step.end()
    if not keys:
        raise ValueError("is empty; name a key of the record")
    return keys


def typed_path(keys: list[str]) -> str:
    """Return a path as people type it: `parse_path` gives the keys back."""
    shown = ""
    for key in keys:
        if re.fullmatch(r"\d{1,6}", key):
            shown += f"[{key}]"
        elif re.fullmatch(r"[\w@$-]+", key):
            shown += f".{key}" if shown else key
        else:
            quote = "'" if '"' in key else '"'
            shown += f"[{quote}{key}{quote}]"
    return shown


def _read(given: Any) -> Any:
    return parse_path(given) if isinstance(given, str) else given


SourcePath = Annotated[
    list[str],
    BeforeValidator(_read),
    Field(min_length=1, max_length=LONGEST_PATH, description="Keys, one by one; digits walk lists. A text is read as people type paths."),
]
