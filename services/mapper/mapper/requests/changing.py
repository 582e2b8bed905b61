"""What each request of a workflow step makes of a record. Works on drafts in memory; touches no database."""

from collections.abc import Collection, Mapping
from typing import Any, Literal
from uuid import UUID

from mapper.authority.orders import Kept
from mapper.fields.values import DoesNotFit, fitted_to, is_never_empty, moment, unique_key
from mapper.records.changing import Draft
from mapper.records.of_anonymised import KEPT_OF_SAAS_USERS
from mapper.records.unique import Claim, claims_of
from mapper.saas_users.roles import RoleIds, ids_among
from shared.api.fields import FieldOut
from shared.clock import now
from shared.events.records import ChangeKind, RecordType
from shared.events.workflows import RecordChangeAnswer, RecordChangeRequest

KINDS: dict[str, ChangeKind] = {"deactivate": "deactivated", "mark_deleted_in_source": "deleted_in_source"}
"""The actions that are more than a change of fields."""


FIELDS_ALONE = frozenset({"set_fields", "set_roles"})


class Refused(Exception):
    """A request cannot be met; the record stays as it is."""

    def __init__(self, code: str, message: str, *, outcome: Literal["refused", "unchanged"] = "refused") -> None:
        super().__init__(message)
        self.code, self.message, self.outcome = code, message, outcome


class Changing:
    """The requests of one event, applied one after the other."""

    def __init__(
        self,
        record_type: RecordType,
        known: Mapping[str, FieldOut],
        drafts: Mapping[UUID, Draft],
        holders: Mapping[Claim, UUID],
        *,
        kept: Mapping[UUID, Mapping[str, Kept]],
        role_ids: RoleIds,
        closed: Collection[UUID],
    ) -> None:
        self._closed = closed
        self._role_ids = role_ids
        self._record_type, self._known, self._drafts, self._kept = record_type, known, drafts, kept
        self._holders = dict(holders)
        self._at = moment(now().isoformat())

    def answer(self, request: RecordChangeRequest) -> RecordChangeAnswer:
        """Change the draft of the request's record, or leave it as it is; say which, and why."""
        try:
            outcome = "applied" if self._apply(request) else "unchanged"
        except Refused as refused:
            told: dict[str, Any] = {"outcome": refused.outcome, "code": refused.code, "message": refused.message}
            return RecordChangeAnswer(step_id=request.step_id, record_id=request.record_id, **told)
        return RecordChangeAnswer.model_validate({"step_id": request.step_id, "record_id": request.record_id, "outcome": outcome})

    def _apply(self, request: RecordChangeRequest) -> bool:
        draft = self._drafts.get(request.record_id)
        if draft is None:
            raise Refused("record_not_found", "the record is not there any more")
        if draft.columns.get("archived_at") is not None or draft.columns.get("anonymised_at") is not None:
            raise Refused("record_put_away", "the record is archived or anonymised")
        if draft.id in self._closed and not KEPT_OF_SAAS_USERS.issuperset(request.fields or ()):
            raise Refused("record_put_away", "the person of the SaaS user is anonymised")
        wanted = self._wanted(request, draft)
        new = {key: value for key, value in wanted.items() if draft.fields.get(key) != value}
        if not new:
            return False
        self._require_not_kept(draft, request, new)
        self._claim(draft, new)
        for key, value in new.items():
            draft.set(key, value, told=self._known[key].history)
        if request.action in KINDS:
            draft.kind = KINDS[request.action]
        draft.cause, draft.proof = request.cause, request.proof or draft.proof
        return True

    def _require_not_kept(self, draft: Draft, request: RecordChangeRequest, new: Mapping[str, Any]) -> None:
        """Refuse to write over a hand edit that is kept. What happened to a record is said of it all the same."""
        kept = self._kept.get(draft.id, {}) if request.action in FIELDS_ALONE else {}
        if held := sorted(key for key in new if key in kept):
            message = f"{', '.join(held)} was changed by hand by {kept[held[0]].by}, and is kept until it is given back to its sources"
            # What a source has is told again and again: that a hand edit stands before it is no failure of the step.
            raise Refused("kept_by_hand", message, outcome="unchanged" if request.action == "set_roles" else "refused")

    def _wanted(self, request: RecordChangeRequest, draft: Draft) -> dict[str, Any]:
        """Return the values that the record should have. Raises `Refused` before anything has changed."""
        if request.action == "set_fields":
            return {key: self._value(key, value, by_name=True) for key, value in (request.fields or {}).items()}
        if self._record_type != "saas_user":
            raise Refused("wrong_record_type", f"{request.action} is for SaaS users only")
        if request.action == "set_roles":
            return self._roles(self._value("roles", request.roles or []), draft)
        if request.action == "deactivate":
            return {} if draft.fields.get("deactivated") else {"deactivated": True, "deactivated_at": self._at}
        gone = {"deleted_in_source_at": self._at, "missing_since": None, "returned_at": None}
        return {} if draft.fields.get("deleted_in_source_at") else gone

    def _roles(self, labels: list[str], draft: Draft) -> dict[str, Any]:
        """Return roles, with the ids that the SaaS gives them, where it gives any."""
        ids = ids_among(labels, draft.columns["saas_instance_id"], self._role_ids)
        return {"roles": labels, "role_ids": ids} if ids or draft.fields.get("role_ids") else {"roles": labels}

    def _value(self, key: str, value: Any, *, by_name: bool = False) -> Any:
        field = self._known.get(key)
        if field is None or (by_name and not field.editable):
            raise Refused("bad_values", f"{key} is not a field that may be changed")
        try:
            stored = fitted_to(value, field)
        except DoesNotFit as error:
            raise Refused("bad_values", f"the value for {key} {error}") from None
        if stored is None and is_never_empty(field):
            raise Refused("bad_values", f"{key} must not be empty")
        return stored

    def _claim(self, draft: Draft, new: Mapping[str, Any]) -> None:
        claims = claims_of(new, [key for key in new if self._known[key].unique])
        taken = sorted(key for key, value in claims if self._holders.get((key, value), draft.id) != draft.id)
        if taken:
            raise Refused("value_taken", f"another record has the same {', '.join(taken)}")
        for key, _ in claims:
            if (before := draft.fields.get(key)) is not None:
                self._holders.pop((key, unique_key(before)), None)
        self._holders.update(dict.fromkeys(claims, draft.id))
