"""Patterns that take time in proportion to the text, whatever either holds: RE2, with a small program. Pure."""

import re
from typing import Any

import re2

from mapper.transformations.failing import StepFailed
from mapper.transformations.texts import Made, short
from shared.api.transformations import Extract, Replace

LONGEST_TEXT = 4_000
"""Characters that a pattern looks through."""
MEMORY = 1 << 18
"""Bytes of a compiled pattern: with the length of a text it bounds the time of a match to some milliseconds."""

_REFERENCE = re.compile(r"\\(.?)", re.DOTALL)


def extracting(step: Extract) -> Made:
    """Return what takes what the pattern finds. Raises `ValueError` for a pattern or a group that cannot be used."""
    pattern = _compiled(step.pattern)
    if step.group > pattern.groups:
        raise ValueError(f"the pattern has {pattern.groups} groups, and no group {step.group}")

    def extract(text: str) -> Any:
        found = _safely(pattern.search, text)
        return None if found is None else found.group(step.group)

    return extract


def replacing(step: Replace) -> Made:
    """Return what replaces all that the pattern finds. Raises `ValueError` for a pattern or a replacement that cannot be used."""
    pattern = _compiled(step.pattern)
    for reference in _REFERENCE.findall(step.replacement):
        if reference != "\\" and not (reference.isascii() and reference.isdigit() and int(reference) <= pattern.groups):
            raise ValueError(f"the replacement names a group \\{reference} that the pattern does not have; write \\\\ for a backslash")
    return lambda text: short(_safely(lambda given: pattern.sub(step.replacement, given), text))


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"the pattern cannot be used: {reason}; lookaround and backreferences are not there") from None
    except UnicodeEncodeError:
        raise ValueError("the pattern holds characters that are no text") from None


def _safely(look: Any, text: str) -> Any:
    if len(text) > LONGEST_TEXT:
        raise StepFailed(f"looks through no text of more than {LONGEST_TEXT} characters")
    try:
        return look(text)
    except UnicodeEncodeError:
        raise StepFailed("meets characters that are no text") from None
