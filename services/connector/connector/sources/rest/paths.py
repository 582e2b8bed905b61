"""Where something is in a JSON document: keys with dots between them, or a JSON Pointer (RFC 6901) when a key holds a dot itself."""

from typing import Any


def steps_of(path: str) -> tuple[str, ...]:
    """Return the keys of a path; none for the document itself."""
    if path.startswith("/"):
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/"))
    return tuple(path.split(".")) if path else ()


def at(document: Any, steps: tuple[str, ...]) -> Any:
    """Return what is there, or None. A number stands for a place in a list."""
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isascii() and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document
