"""Where the value of a mapped field comes from."""

from typing import Annotated, Literal

from pydantic import Field

from shared.api.base import In
from shared.api.source_paths import SourcePath
from shared.api.transformations import Steps


class FromSource(In):
    """A value taken from the raw record: `path` are keys, one by one; anything missing is empty."""

    kind: Literal["source"] = "source"
    path: SourcePath
    steps: Steps = Field(default_factory=list)


class FromConstant(In):
    """The same value for everybody."""

    kind: Literal["constant"] = "constant"
    value: str | int | float | bool


class FromInput(In):
    """The value of one of the integration's inputs."""

    kind: Literal["input"] = "input"
    key: str
    steps: Steps = Field(default_factory=list)


class FromCredential(In):
    """The name of the credential that the run used."""

    kind: Literal["credential"] = "credential"


class FromSyncTime(In):
    """The moment at which the record was fetched."""

    kind: Literal["sync_time"] = "sync_time"


class FromExpression(In):
    """A value computed from `record` and `inputs` by an expression in CEL; what is missing in the record makes it empty."""

    kind: Literal["expression"] = "expression"
    expression: str = Field(min_length=1, max_length=500)
    steps: Steps = Field(default_factory=list)


MappedFrom = Annotated[FromSource | FromConstant | FromInput | FromCredential | FromSyncTime | FromExpression, Field(discriminator="kind")]
