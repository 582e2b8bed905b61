"""API call: one operation at a source for each record, such as deleting a user there."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from typing_extensions import override

from shared.api.sources import OperationIn, OperationOut
from shared.clock import now
from shared.errors import AppError, Conflict
from shared.events.records import RecordType
from shared.events.workflows import RecordChangeRequest
from shared.observability.correlation import correlated
from shared.observability.logging import get_logger
from shared.rules import At, matches
from workflow_engine.blocks.base import MAYBE_DONE, Context, Outcome, Work, WorkBlock
from workflow_engine.blocks.failures import later, missing_record, worth_another_attempt
from workflow_engine.blocks.leave import give_back, leave_for
from workflow_engine.blocks.presets import PresetSettings, operation
from workflow_engine.clients.connector import OfferedPreset

log = get_logger(__name__)


DELETE_USER = "delete-user"
"""The operation after whose success a record is marked as deleted at the source; others leave records as they are."""
ASKED = "arguments"
"""Where a step's evidence keeps what was asked: the same key may only be asked again with the same arguments."""


class SourceIdChanged(Conflict):
    """A step that may have acted on one user of the source would now act on another one."""

    code = "source_id_changed"


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
        leave = await _leave(batch, context)

        async def one(work: Work) -> Outcome:
            async with gate:
                with correlated(work.correlation_id):
                    return await _called(work, context, leave)

        outcomes = list(await asyncio.gather(*(one(work) for work in batch)))
        await give_back(batch, outcomes, leave or {}, context)
        return outcomes


async def _leave(batch: Sequence[Work], context: Context) -> dict[UUID, Outcome | None] | None:
    """Ask for leave for those of the batch that would act as they stand now; None where nothing is destroyed."""
    if context.preset is None or not context.preset.destructive:
        return None
    try:
        records = await context.mapper.fields_of(context.record_type, [work.record_id for work in batch], actor=context.actor)
    except AppError as error:
        return {work.step_id: later(work, error) for work in batch}
    acting = [work for work in batch if work.record_id in records and _no_longer(work, records[work.record_id], context) is None]
    return await leave_for(acting, context)


async def _called(work: Work, context: Context, leave: Mapping[UUID, Outcome | None] | None) -> Outcome:
    """Call for one step. Whatever breaks here, the other steps of the batch keep their outcomes."""
    try:
        plan = await _planned(work, context)
        if isinstance(plan, Outcome):
            return plan
        stopped = _without_leave(work, leave)
        return stopped or await _sent(work, *plan, context)
    except Exception as error:
        log.exception("operation_broke", step_id=str(work.step_id))
        return _unknown(work, f"{type(error).__name__} in the block", "block_failed", None, {})


def _without_leave(work: Work, leave: Mapping[UUID, Outcome | None] | None) -> Outcome | None:
    """Return the outcome of a step that has no leave; it is asked for anew where the record changed its mind in between."""
    if leave is None:
        return None
    why = "the record changed while leave was asked for; nothing was sent to the source"
    return leave.get(work.step_id, Outcome(work.step_id, None, why, "changed_meanwhile", None, dict(work.evidence)))


async def _planned(work: Work, context: Context) -> Outcome | tuple[OfferedPreset, OperationIn]:
    """Look at the record as it is now; return the call to make, or the outcome of a step that must not act."""
    try:
        fields = (await context.mapper.fields_of(context.record_type, [work.record_id], actor=context.actor)).get(work.record_id)
    except AppError as error:
        remedy = error.remedy or "Nothing was sent to the source."
        return Outcome(work.step_id, None, error.message, error.code, remedy, dict(work.evidence))
    if fields is None:
        return missing_record(work)
    if (stopped := _no_longer(work, fields, context)) is not None:
        return stopped
    try:
        return operation(context, key=key_of(work.step_id), arguments=_arguments(work, fields))
    except AppError as error:
        return _stopped(work, error.message, error.code, error.remedy or "Activate the workflow again.")


async def _sent(work: Work, preset: OfferedPreset, given: OperationIn, context: Context) -> Outcome:
    """Act, and return what came of it."""
    sent = {
        "operation": preset.operation,
        "idempotency_key": given.idempotency_key,
        ASKED: given.arguments,
        "asked_at": now().isoformat(),
    }
    try:
        answer = await context.connector.operate(preset, given, actor=context.actor, seconds=context.operation_seconds)
    except AppError as error:
        if worth_another_attempt(error):
            return _unknown(work, error.message, error.code, error.remedy, sent)
        remedy = error.remedy or "Look at the settings of the block, then run the workflow again."
        return _stopped(work, error.message, error.code, remedy, sent)
    return _judged(work, answer, sent, context, marks=preset.operation == DELETE_USER)


def _arguments(work: Work, fields: dict[str, Any]) -> dict[str, str]:
    """Return what to ask for: the very same as an attempt that may have acted. Raises `SourceIdChanged`."""
    current = {"source_id": str(fields["source_id"]), "expected_email": str(fields.get("email") or "")}
    before: dict[str, str] | None = work.evidence.get(ASKED) if work.evidence.get(MAYBE_DONE) else None
    if before is None:
        return current
    if before["source_id"] != current["source_id"]:
        remedy = "Look at the source for both identifiers, then run the workflow again."
        raise SourceIdChanged("the user has another identifier in the SaaS than before", remedy=remedy)
    return before


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
    if context.rule is not None and not matches(context.rule, fields, At(now(), context.zone)):
        remedy = "If the user should be deleted after all, make the record match the rule of Begin again."
        return _stopped(work, "the record no longer matches the rule of Begin", "no_longer_matches", remedy)
    return None


def _stopped(work: Work, why: str, code: str, remedy: str, sent: dict[str, Any] | None = None) -> Outcome:
    """Return the outcome of a step that must not act; it does not hide that an earlier attempt may have."""
    maybe = "; what came of an earlier attempt is unknown" if work.evidence.get(MAYBE_DONE) else "; nothing was done at the source"
    return Outcome(work.step_id, "failure", why + maybe, code, remedy, {**work.evidence, **(sent or {})})


def _judged(work: Work, answer: OperationOut, sent: dict[str, Any], context: Context, *, marks: bool) -> Outcome:
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
    return Outcome(work.step_id, "success", answer.message, answer.code, None, evidence, change if marks else None)


def _unknown(work: Work, message: str, code: str, remedy: str | None, evidence: dict[str, Any]) -> Outcome:
    """Return an outcome that is asked for again with the same key; it never becomes a success by itself."""
    told = f"it is unknown what came of the operation: {message}"
    remedy = remedy or "Look at the source whether the user is still there, then run the workflow again."
    return Outcome(work.step_id, None, told, code, remedy, {**work.evidence, **evidence, MAYBE_DONE: True})
