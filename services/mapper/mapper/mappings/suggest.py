"""Smart mapping: which source field fits which target, how sure that is, and why. Stores nothing. Pure."""

import re

from rapidfuzz import fuzz

from mapper.fields.builtin import PERSON
from shared.api.records import FromCredential, FromInput, FromSource, FromSyncTime, Suggestion, SuggestionsIn, SuggestionsOut
from shared.api.sources import SourceField

SYNONYMS: dict[str, tuple[str, ...]] = {
    "username": ("email", "mail", "login", "user name", "user principal name"),
    "email": ("email", "mail", "e mail", "email address", "primary email"),
    "full_name": ("full name", "name", "display name"),
    "first_name": ("first name", "given name", "forename"),
    "last_name": ("last name", "family name", "surname"),
    "source_created_at": ("created at", "created", "creation date", "date created"),
    "source_updated_at": ("updated at", "updated", "last updated", "modified", "last modified"),
    "source_type": ("source of user", "source type", "origin"),
}
SURE, WORTH_SAYING = 0.95, 0.85
SYNC_KEYS = ("email",)


def suggest(given: SuggestionsIn) -> SuggestionsOut:
    """Return at most one suggestion per target, the surest. The role is never guessed: it is a decision."""
    found = [best for field in PERSON if field.key in SYNONYMS and (best := _best(field.key, field.data_type, given.source_fields))]
    found.extend(_tracking(given.input_keys))
    targets = {suggestion.target for suggestion in found}
    return SuggestionsOut(suggestions=found, sync_keys=[key for key in SYNC_KEYS if key in targets])


def _best(target: str, data_type: str, fields: list[SourceField]) -> Suggestion | None:
    scored = [(_score(words, field), words, field) for field in fields for words in SYNONYMS[target] if _types_fit(data_type, field)]
    if not scored:
        return None
    score, words, field = max(scored, key=lambda entry: entry[0])
    if score < WORTH_SAYING:
        return None
    reason = f"{field.label!r} is called {words!r}" if score >= SURE else f"{field.label!r} resembles {words!r}"
    return Suggestion(target=target, source=FromSource(path=field.path), confidence=round(score, 2), reason=reason)


def _score(words: str, field: SourceField) -> float:
    return max(fuzz.ratio(words, _words(name)) for name in (field.label, field.key)) / 100


def _types_fit(data_type: str, field: SourceField) -> bool:
    return (data_type == "datetime") == (field.data_type == "datetime")


def _tracking(input_keys: list[str]) -> list[Suggestion]:
    known = {field.key for field in PERSON}
    tracking = [
        Suggestion(target=key, source=FromInput(key=key), confidence=1.0, reason=f"the integration's input {key!r} has the same name")
        for key in input_keys
        if key in known
    ]
    named = Suggestion(target="credential_name", source=FromCredential(), confidence=1.0, reason="the name of the credential that was used")
    synced = Suggestion(target="synced_at", source=FromSyncTime(), confidence=1.0, reason="the moment at which the record was fetched")
    return [*tracking, named, synced]


def _words(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()).strip()
