"""What is said of runs, quarantines and credentials."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from connector.notices.raising import Notice, integration_name, raise_notice, resolve
from shared.api.notices import NoticeKind

OF_RUNS: tuple[NoticeKind, ...] = ("run_failed", "run_with_errors", "waiting_for_approval", "approval_expired", "quarantined")
GOOD_ENDS = frozenset({"completed", "empty"})


async def say_run_ended(session: AsyncSession, run: Row[Any]) -> None:
    """Tell of a run that failed or left records out; a good one closes what was told before."""
    subject = f"integration:{run.integration_id}"
    await resolve(session, ["waiting_for_approval"], subject)
    if run.state in GOOD_ENDS and run.mode == "apply" and run.kind != "replay":
        await resolve(session, OF_RUNS, subject)
    elif run.state == "failed":
        error = run.error or {}
        await _of_run(session, run, "run_failed", "a run failed", (str(error.get("message", "")), error.get("remedy")))
    elif run.state == "completed_with_errors":
        await resolve(session, ["run_failed", "quarantined"], subject)
        message = f"{run.errors} records or questions of the run could not be dealt with."
        remedy = "Look at the run's errors: each says why, and can be replayed once its cause is mended."
        await _of_run(session, run, "run_with_errors", "a run completed with errors", (message, remedy))


async def say_run_waits(session: AsyncSession, run: Row[Any], would_update: int) -> None:
    """Tell of a run that would rewrite too much."""
    message = f"The run would rewrite {would_update} of {run.existing} records, and has stopped before it does."
    remedy = "Look at its plan, then approve or reject the run. Until then the integration does not run."
    await _of_run(session, run, "waiting_for_approval", "a run waits for approval", (message, remedy))


async def say_approval_expired(session: AsyncSession, run: Row[Any], after: timedelta) -> None:
    """Tell of a run that nobody approved in time."""
    message = f"Nobody approved the run within {after / timedelta(days=1):g} days: it was rejected, and wrote nothing more."
    remedy = "The integration runs again. If the records should be rewritten, approve the next run that waits."
    await _of_run(session, run, "approval_expired", "a run was rejected, nobody had approved it", (message, remedy))


async def say_quarantined(session: AsyncSession, run: Row[Any], reason: dict[str, Any], failures: int) -> None:
    """Tell of an integration that is left alone for a while."""
    told = "A run failed with" if failures == 1 else f"{failures} runs failed in a row, the last one with"
    message = f"{told}: {reason.get('message')}"
    await _of_run(session, run, "quarantined", "in quarantine", (message, reason.get("remedy")))


async def say_credential_ends(session: AsyncSession, credential_id: UUID, name: str, message: str, remedy: str) -> None:
    """Tell of a credential that crossed a threshold; what was told at the one before is over."""
    subject = f"credential:{credential_id}"
    await resolve(session, ["credential_expiring"], subject)
    details = {"credential_id": str(credential_id)}
    title = f"credential {name}: its end is near"
    await raise_notice(session, Notice("credential_expiring", title, f"{name}: {message}", remedy, about=subject, details=details))


async def _of_run(session: AsyncSession, run: Row[Any], kind: NoticeKind, what: str, said: tuple[str, str | None]) -> None:
    """Raise a notice of a run. `said`: message and remedy."""
    title = f"{await integration_name(session, run.integration_id)}: {what}"
    await raise_notice(session, Notice(kind, title, *said, run.integration_id, details={"run_id": str(run.id)}))
