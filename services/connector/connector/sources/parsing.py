"""Reading what a source sent as JSON, leniently where it is not quite JSON: one odd value must not hide all others. Pure."""

import re
from collections.abc import Mapping
from json import loads
from math import isinf
from typing import Any

import orjson

from connector.storable import LARGEST, SMALLEST, AsWritten

DEEPEST = 64
"""Lists and objects inside each other, from the top of an answer: what goes on deeper is kept as it was written.

Every reader and writer of JSON behind us has a limit of its own, and none of them says which record went beyond it.
"""
FURTHEST_IN = b"\n" + b"  " * DEEPEST
"""How a line begins, where JSON is written with indentation, that stands in the deepest object or list that we take, or deeper."""
TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
"""Texts, and brackets outside of them. A text without an end goes to the end: nothing is looked at twice."""
IN_ITS_PLACE = "7e{}0999999"
"""A number that no source can mean, and that no float holds: where something too deep was, for as long as the rest is read."""


def read_json(raw: bytes) -> Any:
    """Return the JSON that was sent, or None.

    Half of a character and bytes that are not UTF-8 become lone surrogates; numbers that JSON lacks, and what is nested too deep,
    become `AsWritten`.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    else:
        if not _is_too_deep(value):
            return value
    text, deep = _without_depths(raw.decode("utf-8", "surrogateescape"))

    def number(told: str) -> Any:
        return AsWritten(deep[told]) if told in deep else _float(told)

    try:
        return loads(text, parse_constant=AsWritten, parse_float=number, parse_int=_int)
    except (ValueError, RecursionError):
        return None


def _is_too_deep(value: Any) -> bool:
    """Return whether anything is below the deepest level that we take. Level by level: it is depth that this guards against."""
    try:
        # Written with indentation, which is the writer's work, it takes a thirtieth of the time: nearly all of what comes is flat.
        if FURTHEST_IN not in orjson.dumps(value, option=orjson.OPT_INDENT_2):
            return False
    except orjson.JSONEncodeError:
        return True
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for held in level
            if isinstance(held, dict | list)
            for inner in (held.values() if isinstance(held, dict) else held)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _without_depths(text: str) -> tuple[str, Mapping[str, str]]:
    """Return the text with a number in the place of whatever is too deep, and what each stands for."""
    depth = began = ended = 0
    parts: list[str] = []
    deep: dict[str, str] = {}
    for token in TOKENS.finditer(text):
        match token[0][0]:
            case "[" | "{":
                depth += 1
                if depth == DEEPEST + 1:
                    began = token.start()
            case "]" | "}":
                depth -= 1
                if depth == DEEPEST:
                    mark = IN_ITS_PLACE.format(len(deep))
                    deep[mark] = text[began : token.end()]
                    parts += [text[ended:began], mark]
                    ended = token.end()
    return "".join((*parts, text[ended:])), deep


def _float(told: str) -> Any:
    value = float(told)
    return AsWritten(told) if isinf(value) else value


def _int(told: str) -> Any:
    """Return a whole number, as orjson does: one that 64 bits cannot hold as a float."""
    if len(told) > len(str(LARGEST)):
        return _float(told)
    value = int(told)
    return value if SMALLEST <= value <= LARGEST else float(value)
