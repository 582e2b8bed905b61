"""Sync keys: by which fields a record finds the person, or the asset, that it belongs to."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator

from shared.api.base import In, Out

FieldKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
MOST_KEYS = 5
MOST_FIELDS = 5


class KeyField(In):
    """A field of a sync key, and how its values are compared; blanks around them never count."""

    field: FieldKey
    case: Literal["ignored", "kept"] = Field(default="ignored", description="ignored: ADA@example.com finds ada@example.com.")
    nfkc: bool = Field(default=True, description="Whether forms of one character that Unicode holds for the same are the same.")
    plus_addressing: bool = Field(
        default=False, description="Whether ada+news@example.com finds ada@example.com: the part behind a plus is left out."
    )

    @property
    def is_plain(self) -> bool:
        """Whether values are compared as unique ones are."""
        return self.case == "ignored" and self.nfkc and not self.plus_addressing


class SyncKey(In):
    """One or several fields that find a record together: all of them must be filled."""

    fields: list[KeyField] = Field(min_length=1, max_length=MOST_FIELDS, description="A field's name alone is compared as usual.")
    updates: bool = Field(
        default=True, description="Off: the fields find a record, and are written when it is new; of one that is there they stay."
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return [{"field": one} if isinstance(one, str) else one for one in given] if isinstance(given, list) else given

    @property
    def short(self) -> "FieldKey | SyncKey":
        """The key as it is written most briefly: the name of its only field, where nothing else is said."""
        first = self.fields[0]
        return first.field if len(self.fields) == 1 and first.is_plain and self.updates else self

    @classmethod
    def of(cls, given: "FieldKey | SyncKey") -> "SyncKey":
        """Return a key in full."""
        return cls(fields=[KeyField(field=given)]) if isinstance(given, str) else given


def _form(given: Any) -> str:
    return "key" if isinstance(given, dict | SyncKey) else "name"


AnySyncKey = Annotated[Annotated[FieldKey, Tag("name")] | Annotated[SyncKey, Tag("key")], Discriminator(_form)]
"""The name of a unique field, or a key of one or several fields."""


class SyncKeyOut(Out):
    """What a sync key does, in words."""

    place: Literal["primary", "secondary"]
    fields: list[str]
    updates: bool
    says: str
