"""SaaS user role retrieval: looks users up at their source, sets their roles, and may deactivate who is provably gone."""

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import override

from shared.clock import now
from shared.errors import AppError
from shared.events.records import RecordType
from shared.events.sources import ProofOfAbsence
from shared.events.workflows import RecordChangeRequest
from workflow_engine.blocks.base import Context, Outcome, Work, WorkBlock
from workflow_engine.blocks.failures import failed, later, missing_record, worth_another_attempt
from workflow_engine.blocks.presets import PresetSettings, operation

LARGEST_LOOKUP = 500
PROOF_STATUS = 404


class RoleRetrievalSettings(PresetSettings):
    """The lookup, and what to do with those who are gone."""

    deactivate_user: bool = Field(
        default=False, title="Deactivate user", description="Deactivate in Rollcall whom the source provably no longer has."
    )
    admin_roles: bool = Field(
        default=False,
        title="Roles as administrator",
        description="Also set the roles that users have as administrators.",
    )


class _Found(BaseModel):
    model_config = ConfigDict(extra="ignore")

    source_id: str
    email: str | None = None
    roles: list[str]
    role_ids: dict[str, str] = Field(default_factory=dict)


class _Unknown(BaseModel):
    model_config = ConfigDict(extra="ignore")

    source_id: str
    code: str = "unknown"
    message: str
    remedy: str | None = None


class _Lookup(BaseModel):
    """The result of `lookup-users`. Only a proof in `absent` says that somebody is not there; silence says nothing."""

    model_config = ConfigDict(extra="ignore")

    found: list[_Found] = Field(default_factory=list)
    absent: list[ProofOfAbsence] = Field(default_factory=list)
    unknown: list[_Unknown] = Field(default_factory=list)


class SaasUserRoleRetrieval(WorkBlock):
    """Asks for many users with few operations."""

    type = "saas_user_role_retrieval"
    title = "SaaS user role retrieval"
    description = "Looks SaaS users up at their source and sets their roles; whoever is provably gone can be deactivated."
    object_types: ClassVar[frozenset[RecordType]] = frozenset({"saas_user"})
    settings_model = RoleRetrievalSettings

    @override
    async def run(self, batch: Sequence[Work], context: Context) -> list[Outcome]:
        records = await context.mapper.fields_of(context.record_type, [work.record_id for work in batch], actor=context.actor)
        outcomes: list[Outcome] = []
        asked: dict[str, list[Work]] = {}
        for work in batch:
            fields = records.get(work.record_id)
            source_id = str((fields or {}).get("source_id") or "")
            if fields is None:
                outcomes.append(missing_record(work))
            elif not source_id:
                outcomes.append(_without_source_id(work))
            else:
                asked.setdefault(source_id, []).append(work)
        ids = sorted(asked)
        for start in range(0, len(ids), LARGEST_LOOKUP):
            outcomes += await _looked_up({key: asked[key] for key in ids[start : start + LARGEST_LOOKUP]}, context)
        return outcomes


async def _looked_up(asked: dict[str, list[Work]], context: Context) -> list[Outcome]:
    """Ask once for all of `asked` and return the outcomes of their steps."""
    works = [work for same in asked.values() for work in same]
    settings: RoleRetrievalSettings = context.settings
    more = {"admin_roles": True} if settings.admin_roles else {}
    preset, given = operation(context, key=_key(works), arguments={"source_ids": sorted(asked), **more})
    evidence = {"operation": preset.operation, "idempotency_key": given.idempotency_key, "asked_at": now().isoformat()}
    try:
        answer = await context.connector.operate(preset, given, actor=context.actor, seconds=context.operation_seconds)
        lookup = _Lookup.model_validate(answer.result)
    except AppError as error:
        return [later(work, error, evidence) if worth_another_attempt(error) else failed(work, error, evidence) for work in works]
    except ValidationError:
        return [_retry(work, "unreadable_answer", "the lookup's answer could not be read", evidence) for work in works]
    if answer.outcome == "refused":
        code, remedy = answer.code or "refused", answer.remedy or "Look at the credential and the inputs of the block."
        return [Outcome(work.step_id, "failure", answer.message, code, remedy, {**evidence, "answer": "refused"}) for work in works]
    if answer.outcome != "done":
        return [_retry(work, answer.code or "unknown", answer.message, evidence, answer.remedy) for work in works]
    return _judged(asked, lookup, evidence, context)


def _judged(asked: dict[str, list[Work]], lookup: _Lookup, evidence: dict[str, Any], context: Context) -> list[Outcome]:
    found = {user.source_id: user for user in lookup.found}
    proofs = {proof.source_id: proof for proof in lookup.absent if proof.status == PROOF_STATUS}
    unknown = {problem.source_id: problem for problem in lookup.unknown}
    outcomes: list[Outcome] = []
    for source_id, works in asked.items():
        for work in works:
            if source_id in found:
                outcomes.append(_found(work, found[source_id], evidence, context))
            elif source_id in proofs and source_id not in unknown:
                outcomes.append(_gone(work, proofs[source_id], evidence, context))
            else:
                # Not shown and not proven gone: nobody is deactivated because an answer was empty.
                why = unknown.get(source_id) or _Unknown(source_id=source_id, message="the source did not say whether this user exists")
                outcomes.append(_retry(work, why.code, why.message, evidence, why.remedy))
    return outcomes


def _found(work: Work, user: _Found, evidence: dict[str, Any], context: Context) -> Outcome:
    roles = {"roles": user.roles, "role_ids": user.role_ids or None}
    change = RecordChangeRequest(
        step_id=work.step_id, record_id=work.record_id, action="set_roles", cause=context.cause(work.step_id), **roles
    )
    shown = ", ".join(user.roles) or "no role"
    return Outcome(work.step_id, "success", f"found with {shown}", evidence={**evidence, "found": user.model_dump()}, change=change)


def _gone(work: Work, proof: ProofOfAbsence, evidence: dict[str, Any], context: Context) -> Outcome:
    kept = proof.model_dump(mode="json")
    told = {**evidence, "proof": kept}
    settings: RoleRetrievalSettings = context.settings
    if not settings.deactivate_user:
        return Outcome(work.step_id, "success", "the source no longer has this user; nothing was changed", "absent", None, told)
    change = RecordChangeRequest(
        step_id=work.step_id,
        record_id=work.record_id,
        action="deactivate",
        proof=kept,
        rule=context.sent_rule,
        cause=context.cause(work.step_id),
    )
    return Outcome(work.step_id, "success", "the source no longer has this user: deactivated", "absent", None, told, change)


def _retry(work: Work, code: str, message: str, evidence: dict[str, Any], remedy: str | None = None) -> Outcome:
    return Outcome(work.step_id, None, message, code, remedy or "Run the workflow again when the source answers.", evidence)


def _without_source_id(work: Work) -> Outcome:
    return Outcome(
        work.step_id,
        "failure",
        "the SaaS user has no identifier in the SaaS, so the source cannot be asked",
        "no_source_id",
        "Run the integration that fetches this user, then run the workflow again.",
    )


def _key(works: Sequence[Work]) -> str:
    """Return the key of a lookup: it only reads, so that every attempt may look anew."""
    parts = "|".join(sorted(f"{work.step_id}:{work.attempt}" for work in works))
    return f"lookup-{hashlib.sha256(parts.encode()).hexdigest()}"
