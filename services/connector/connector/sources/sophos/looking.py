"""Asking for one thing by its id: which ids may be asked for, and which answer proves that it is not there."""

import re

from connector.sources.sophos.errors import UnexpectedAnswer
from connector.sources.wire import Answer
from shared.errors import Invalid
from shared.events.sources import ProofOfAbsence

ASKABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
"""Ids that may stand in a path: Sophos gives UUIDs; nothing else than one path segment ever leaves."""


def usable_id(told: str, kind: str) -> str:
    """Return an id that may stand in a path. Raises `Invalid` for what cannot be the id of a `kind`, such as a user."""
    if not ASKABLE.fullmatch(told):
        raise Invalid(f"{told[:60]!r} is not a Sophos {kind} id", code="not_a_source_id", remedy="Use the id as Sophos gives it, a UUID.")
    return told


def proof_of_absence(source_id: str, path: str, answer: Answer) -> ProofOfAbsence:
    """Return the proof that a 404 is. Raises `UnexpectedAnswer` when it does not look like Sophos' own: a proxy proves nothing."""
    if not answer.is_json or not answer.body.get("error"):
        raise UnexpectedAnswer(
            f"GET {path} answered 404, but not in Sophos' words",
            remedy="Something between the connector and Sophos answers in its place; check the proxy.",
            code="sophos_foreign_404",
            source_status=answer.status,
        )
    return ProofOfAbsence(
        source_id=source_id, asked=f"GET {path}", status=answer.status, asked_at=answer.at, source_correlation_id=answer.correlation_id
    )
