"""Global variables, and the values that refer to them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.api.base import In, Name, Out


class VariableIn(In):
    """A named value that integrations and blocks refer to, such as `Sophos.Tenant ID`. Not for secrets."""

    name: Name
    value: str = Field(min_length=1, max_length=1000)


class VariableValueIn(In):
    """A new value for a variable."""

    value: str = Field(min_length=1, max_length=1000)


class VariableOut(Out):
    """A global variable."""

    id: UUID
    name: str
    value: str
    used_by: list[str] = Field(default_factory=list, description="Names of the integrations that use it.")
    updated_at: datetime


class InputRef(In):
    """An input's value: typed in, or taken from a global variable when it is used."""

    variable: str | None = None
    value: str | None = None
