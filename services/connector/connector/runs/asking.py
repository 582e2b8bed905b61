"""Asking a source for one id after the other: a few at a time, and no further once enough questions in a row have failed."""

import asyncio
from collections.abc import Sequence
from typing import Any

from connector.runs.suspects import Finding
from connector.sources.base import Session, described
from shared.errors import AppError, Invalid

AT_ONCE = 8
"""Questions that wait for their answers at the same time."""
ENOUGH_FAILURES = 5
"""Questions in a row that fail before the rest is given up for this run."""


class Asking:
    """The questions that one run has for one source."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._failures = 0
        self._requests_told = 0
        self._last_failure: dict[str, Any] = {}

    @property
    def given_up(self) -> dict[str, Any] | None:
        """Why the source is asked nothing more; None: it is."""
        return self._last_failure if self._failures >= ENOUGH_FAILURES else None

    def requests(self) -> int:
        """Return how many requests were sent since this was asked last."""
        told, self._requests_told = self._requests_told, self._session.requests
        return self._requests_told - told

    async def ask(self, source_ids: Sequence[str]) -> dict[str, Finding]:
        """Return what the source says of each, as far as it was asked."""
        findings: dict[str, Finding] = {}
        for start in range(0, len(source_ids), AT_ONCE):
            if self.given_up is not None:
                break
            some = source_ids[start : start + AT_ONCE]
            findings |= zip(some, await asyncio.gather(*(self._ask(one) for one in some)), strict=True)
        return findings

    async def _ask(self, source_id: str) -> Finding:
        try:
            answer = await self._session.look_for(source_id)
        except AppError as error:
            problem = described(error)
            if not isinstance(error, Invalid):
                self._failures += 1
                self._last_failure = problem
            return problem
        self._failures = 0
        return answer
