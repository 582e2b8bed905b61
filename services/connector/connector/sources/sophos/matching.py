"""Is it the one that is meant? An id that now belongs to somebody else must not cost them anything."""

import unicodedata
from typing import Any

from connector.sources.base import Observed, Outcome
from connector.sources.sophos.sending import Evidence, refused

REMEDY = "Run the integration, look at the record, and decide again."


def same_text(one: str, other: str) -> bool:
    """Return whether two e-mail addresses or hostnames are the same to people: whatever their case, width and surrounding space."""
    return _key(one) == _key(other)


def wrong_email(there: Observed, expected: str, nothing: str, evidence: Evidence) -> Outcome | None:
    """Return the refusal when a user has another e-mail; `nothing` says that nothing was done."""
    if _is(there.record.get("email"), expected):
        return None
    return refused("email_mismatch", f"the user's e-mail in Sophos is not the expected one; {nothing}", REMEDY, evidence)


def wrong_hostname(there: Observed, expected: str | None, nothing: str, evidence: Evidence) -> Outcome | None:
    """Return the refusal when a device has another hostname than the expected one, if one is."""
    if expected is None or _is(there.record.get("hostname"), expected):
        return None
    return refused("hostname_mismatch", f"the device's hostname in Sophos is not the expected one; {nothing}", REMEDY, evidence)


def _is(told: Any, expected: str) -> bool:
    return isinstance(told, str) and same_text(told, expected)


def _key(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
