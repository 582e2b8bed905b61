"""What a run says beside its records: a few words with the run, or an error of the run that is about no record."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from connector.sources.base import Note
from connector.storable import storable
from shared.events.syncs import Rejection

MOST = 100
"""Notes that a run keeps; what a source goes on about is cut."""


def noted(so_far: list[Any], notes: Iterable[Note]) -> list[Any]:
    """Return what the run says so far with the notes that are no errors, each once."""
    told = [storable({key: value for key, value in asdict(note).items() if key != "is_error"}) for note in notes if not note.is_error]
    return list({(one["code"], one["about"]): one for one in [*so_far, *told]}.values())[:MOST]


def as_rejection(note: Note) -> Rejection:
    """Return a note that is an error of the run."""
    return Rejection(source_id=note.about, code=note.code, message=note.message, remedy=note.remedy)
