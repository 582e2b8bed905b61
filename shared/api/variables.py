"""Global variables, and the values that refer to them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import In, Name, Out

VariableType = Literal["text", "url", "uuid", "host", "number", "boolean"]


class VariableIn(In):
    """A named value that integrations and blocks refer to, such as `Sophos.Tenant ID`. Not for secrets."""

    name: Name
    type: VariableType = "text"
    value: str = Field(min_length=1, max_length=1000)


class VariableValueIn(In):
    """A new value for a variable, and a new type if one is given."""

    type: VariableType | None = None
    value: str = Field(min_length=1, max_length=1000)


class VariableOut(Out):
    """A global variable."""

    id: UUID
    name: str
    type: VariableType
    value: str
    used_by: list[str] = Field(default_factory=list, description="Names of the integrations that use it.")
    used_by_workflows: list[str] | None = Field(
        default=None, description="Names of the active workflows that use it; null while that is not known."
    )
    updated_at: datetime


class VariableUse(Out):
    """An active workflow refers to a global variable, by its name."""

    workflow: str
    variable: str


class InputRef(In):
    """An input's value: typed in, or taken from a global variable when it is used."""

    variable: str | None = None
    value: str | None = None
