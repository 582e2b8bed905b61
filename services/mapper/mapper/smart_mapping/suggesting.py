"""Smart mapping as a whole: from what a source has to what could be mapped, how sure that is, and why. Pure; stores nothing."""

from collections.abc import Mapping
from typing import Any

from mapper.smart_mapping.candidates import candidates
from mapper.smart_mapping.choosing import Chosen, chosen
from mapper.smart_mapping.earlier import Earlier
from mapper.smart_mapping.scoring import Scored, certainty
from mapper.smart_mapping.sync_keys import best, sync_keys
from mapper.smart_mapping.targets import targets
from shared.api.fields import FieldOut
from shared.api.mapped_from import FromCredential, FromInput, FromSource, FromSyncTime, MappedFrom
from shared.api.suggestions import Alternative, Reason, Suggestion, SuggestionsIn, SuggestionsOut


def suggest(given: SuggestionsIn, fields: Mapping[str, FieldOut], mapped: Mapping[str, MappedFrom], earlier: Earlier) -> SuggestionsOut:
    """Return at most one suggestion for each of `fields` that is not in `mapped` yet: a choice is never overridden."""
    device = given.describes == "device"
    # Whoever a device was given to is a person, and no user of the application that lists devices; and users are no devices.
    free = (
        []
        if given.object_type == ("saas_user" if device else "asset")
        else targets((field for key, field in fields.items() if key not in mapped), given.application)
    )
    sources = candidates(given.source_fields, given.samples)
    found = [_suggestion(one) for one in chosen(sources, free, earlier, device=device)]
    tracking = (
        [one for one in _tracking(given.input_keys) if one.target in fields and one.target not in mapped]
        if given.object_type != "saas_user"
        else []
    )
    suggested = {one.target: (one.source, one.confidence) for one in found if not any(step.needed for step in one.transformations)}
    keys = sync_keys(fields, {**suggested, **{key: (source, 1.0) for key, source in mapped.items()}}, given.samples)
    return SuggestionsOut(
        suggestions=[*found, *tracking],
        sync_keys=best(keys),
        sync_key_evidence=keys,
        already_mapped=[key for key in fields if key in mapped],
        samples=len(given.samples),
    )


def _suggestion(one: Chosen) -> Suggestion:
    confidence = round(one.best.confidence, 2)
    return Suggestion(
        target=one.target.field.key,
        source=_source(one.best),
        confidence=confidence,
        certainty=certainty(confidence),
        reason=_sentence(one.best),
        reasons=list(one.best.reasons),
        transformations=list(one.best.transformations),
        alternatives=[_alternative(other) for other in one.others],
    )


def _alternative(one: Scored) -> Alternative:
    # Rounded down: what is not sure must not look sure.
    confidence = int(one.confidence * 100) / 100
    return Alternative(source=_source(one), confidence=confidence, certainty=certainty(confidence), reason=_sentence(one))


def _source(one: Scored) -> FromSource:
    return FromSource(path=list(one.candidate.path), steps=one.steps)


def _sentence(one: Scored) -> str:
    return f"{'.'.join(one.candidate.path)!r}: " + "; ".join(reason.text for reason in one.reasons)


def _tracking(input_keys: list[str]) -> list[Suggestion]:
    inputs = [_certain(key, FromInput(key=key), "same_name", f"the integration's input {key!r} has the same name") for key in input_keys]
    named = _certain("credential_name", FromCredential(), "credential", "the name of the credential that was used")
    synced = _certain("synced_at", FromSyncTime(), "sync_time", "the moment at which the record was fetched")
    return [*inputs, named, synced]


def _certain(target: str, source: FromInput | FromCredential | FromSyncTime, kind: str, text: str, **details: Any) -> Suggestion:
    reason = Reason(kind=kind, text=text, details=details)
    return Suggestion(target=target, source=source, confidence=1.0, certainty="sure", reason=text, reasons=[reason])
