"""API call: one operation at a source for each record, such as deleting a user there."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from typing_extensions import override

from shared.api.sources import OperationOut
from shared.clock import now
from shared.errors import AppError
from shared.events.records import RecordType
from shared.events.workflows import RecordChangeRequest
from shared.observability.logging import get_logger
from shared.rules import matches
from workflow_engine.blocks.base import MAYBE_DONE, Context, Outcome, Work, WorkBlock
from workflow_engine.blocks.failures import missing_record, worth_another_attempt
from workflow_engine.blocks.presets import PresetSettings, operation

log = get_logger(__name__)


class ApiCallSettings(PresetSettings):
    """Which operation, and how to sign in."""


class ApiCall(WorkBlock):
    """Acts on one user at a time: each with a key that is the same in every attempt, so that it never acts twice."""

    type = "api_call"
    title = "API call"
    description = "Asks a source for one operation for each record, such as deleting the user there, and proves what came of it."
    destructive = True
    object_types: ClassVar[frozenset[RecordType]] = frozenset({"saas_user"})
    settings_model = ApiCallSettings
    largest_batch = 20

    @override
    async def run(self, batch: Sequence[Work], context: Context) -> list[Outcome]:
        gate = asyncio.Semaphore(context.parallel_operations)

        async def one(work: Work) -> Outcome:
            async with gate:
                try:
                    return await _called(work, context)
                except Exception as error:
                    log.exception("operation_broke", step_id=str(work.step_id))
                    return _unknown(work, f"{type(error).__name__} in the block", "block_failed", None, {})

        return list(await asyncio.gather(*(one(work) for work in batch)))


async def _called(work: Work, context: Context) -> Outcome:
    """Check the record as it is now, act, and return what came of it."""
    try:
        fields = (await context.mapper.fields_of(context.record_type, [work.record_id], actor=context.actor)).get(work.record_id)
    except AppError as error:
        remedy = error.remedy or "Nothing was sent to the source."
        return Outcome(work.step_id, None, error.message, error.code, remedy, dict(work.evidence))
    stopped = missing_record(work) if fields is None else _no_longer(work, fields, context)
    if stopped is not None or fields is None:
        return stopped or missing_record(work)
    arguments = {"source_id": str(fields["source_id"]), "expected_email": str(fields.get("email") or "")}
    preset, given = operation(context, key=key_of(work.step_id), arguments=arguments)
    sent = {"operation": preset.operation, "idempotency_key": given.idempotency_key, "asked_at": now().isoformat()}
    try:
        answer = await context.connector.operate(preset, given, actor=context.actor, seconds=context.operation_seconds)
    except AppError as error:
        if worth_another_attempt(error):
            return _unknown(work, error.message, error.code, error.remedy, sent)
        remedy = error.remedy or "Look at the settings of the block, then run the workflow again."
        return _stopped(work, error.message, error.code, remedy, sent)
    return _judged(work, answer, sent, context)


def key_of(step_id: UUID) -> str:
    """Return the idempotency key of a step's operation, the same in every attempt."""
    return str(step_id)


def _no_longer(work: Work, fields: dict[str, Any], context: Context) -> Outcome | None:
    """Return the outcome of a step whose record must not be acted on any more, or None."""
    if not fields.get("source_id"):
        remedy = "Run the integration that fetches this user, then run the workflow again."
        return _stopped(work, "the SaaS user has no identifier in the SaaS", "no_source_id", remedy)
    if fields.get("deleted_in_source_at"):
        return _stopped(work, "the user was already deleted at the source", "no_longer_matches", "Nothing is left to do.")
    if context.rule is not None and not matches(context.rule, fields):
        remedy = "If the user should be deleted after all, make the record match the rule of Begin again."
        return _stopped(work, "the record no longer matches the rule of Begin", "no_longer_matches", remedy)
    return None


def _stopped(work: Work, why: str, code: str, remedy: str, sent: dict[str, Any] | None = None) -> Outcome:
    """Return the outcome of a step that must not act; it does not hide that an earlier attempt may have."""
    maybe = "; what came of an earlier attempt is unknown" if work.evidence.get(MAYBE_DONE) else "; nothing was done at the source"
    return Outcome(work.step_id, "failure", why + maybe, code, remedy, {**work.evidence, **(sent or {})})


def _judged(work: Work, answer: OperationOut, sent: dict[str, Any], context: Context) -> Outcome:
    if answer.outcome == "unknown":
        return _unknown(work, answer.message, answer.code or "unknown", answer.remedy, {**sent, **answer.evidence})
    evidence = {**sent, **answer.evidence}
    if answer.outcome == "refused":
        remedy = answer.remedy or "Look at the user at the source."
        return Outcome(work.step_id, "failure", answer.message, answer.code or "refused", remedy, evidence)
    change = RecordChangeRequest(
        step_id=work.step_id,
        record_id=work.record_id,
        action="mark_deleted_in_source",
        proof=answer.evidence,
        cause=context.cause(work.step_id),
    )
    return Outcome(work.step_id, "success", answer.message, answer.code, None, evidence, change)


def _unknown(work: Work, message: str, code: str, remedy: str | None, evidence: dict[str, Any]) -> Outcome:
    """Return an outcome that is asked for again with the same key; it never becomes a success by itself."""
    told = f"it is unknown what came of the operation: {message}"
    remedy = remedy or "Look at the source whether the user is still there, then run the workflow again."
    return Outcome(work.step_id, None, told, code, remedy, {**work.evidence, **evidence, MAYBE_DONE: True})
