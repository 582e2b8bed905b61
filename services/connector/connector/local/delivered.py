"""What was read, in the words of a delivery."""

from collections.abc import Mapping, Sequence

from connector.runs.log import Entry
from connector.runs.reading import Read
from connector.runs.suspects import Finding
from connector.sources.base import Observed, described
from connector.storable import storable
from shared.api.agents import (
    AnswerIn,
    DeliveredIncident,
    DeliveredNote,
    DeliveredPage,
    DeliveredRecord,
    DeliveredRejection,
    FailureIn,
)
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence

LONGEST = 9_000
"""Characters of a message."""


def delivered_page(read: Read) -> DeliveredPage:
    """Return a page as it is delivered."""
    page = read.page
    return DeliveredPage(
        records=[DeliveredRecord(source_id=one.source_id, record=storable(one.record)) for one in page.users],
        rejected=[DeliveredRejection.model_validate(storable(one.model_dump())) for one in page.rejected],
        notes=[
            DeliveredNote(code=note.code, message=note.message[:LONGEST], remedy=note.remedy, about=note.about, is_error=note.is_error)
            for note in page.notes
        ],
        incidents=delivered_incidents(read.incidents),
        fetched_at=page.fetched_at,
        source_time=page.source_time,
        next=page.next,
        complete=page.complete,
        total=page.total,
        took_ms=read.took,
        requests=read.requests,
    )


def delivered_incidents(entries: Sequence[Entry]) -> list[DeliveredIncident]:
    """Return what was met on the way."""
    return [DeliveredIncident(kind=one.kind, details=storable(one.details), at=one.at) for one in entries]


def delivered_answers(findings: Mapping[str, Finding]) -> list[AnswerIn]:
    """Return what the source said of each id."""
    return [_answer(source_id, finding) for source_id, finding in findings.items()]


def delivered_failure(error: AppError, fence: int, entries: Sequence[Entry]) -> FailureIn:
    """Return why a run cannot be done."""
    problem = storable(described(error))
    return FailureIn(
        fence=fence,
        code=problem.pop("code"),
        message=problem.pop("message")[:LONGEST],
        remedy=problem.pop("remedy"),
        of_credential=error.of_credential,
        details=problem,
        incidents=delivered_incidents(entries),
    )


def _answer(source_id: str, finding: Finding) -> AnswerIn:
    if isinstance(finding, ProofOfAbsence):
        return AnswerIn(source_id=source_id, absent=finding)
    if isinstance(finding, Observed):
        return AnswerIn(source_id=source_id, present=storable(finding.record))
    return AnswerIn(source_id=source_id, problem=storable(finding))
