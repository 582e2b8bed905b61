"""Providers and their operations: what can be connected, and done there."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import In, Out
from shared.api.variables import InputRef


class SourceField(Out):
    """A field that a source's records have, for the mapping."""

    key: str
    label: str
    path: list[str] = Field(description="Where it is in a raw record: keys, one by one.")
    data_type: Literal["text", "datetime", "number", "boolean"]


class InputField(Out):
    """A value that the provider needs beside the credential: typed in, or taken from the global variable that usually holds it."""

    key: str
    label: str
    description: str
    variable: str | None = Field(default=None, description="The global variable that usually holds it.")
    data_type: Literal["text", "url", "integer", "boolean", "choice", "choices"] = "text"
    choices: list[str] = Field(default_factory=list, description="What a choice may be; `choices`: several, separated by commas.")
    minimum: int | None = None
    maximum: int | None = None
    required: bool = True
    required_unless: str | None = Field(default=None, description="The key of another input that, once given, makes this one optional.")
    pattern: str | None = Field(default=None, description="What a text must match as a whole, in either case.")
    example: str | None = Field(default=None, description="What such a text may look like.")
    default: str | None = Field(default=None, description="What holds when nothing is given.")


class Preset(Out):
    """A named configuration of a workflow block."""

    key: str
    name: str
    block: Literal["saas_user_role_retrieval", "api_call"]
    description: str
    operation: str = Field(description="The connector's operation behind it.")
    destructive: bool
    inputs: list[str]
    in_workflows: bool = Field(
        default=True,
        description="Whether workflows can use it. Those of devices wait for blocks that work on assets; until then their operations are "
        "open to admins alone.",
    )


class OperationInfo(Out):
    """One thing that can be done at a source."""

    key: str
    name: str
    description: str
    destructive: bool = Field(description="It takes something away: an account, a device, a connection.")
    arguments: dict[str, Any] = Field(description="A JSON Schema of what it takes.")


class ProviderOut(Out):
    """One kind of source."""

    key: str
    name: str
    application: str = Field(description="The SaaS application its records belong to.")
    description: str = Field(default="", description="What it reads and what it can do, in a sentence or two.")
    object_type: Literal["user", "device"] = "user"
    quick_runs: bool = Field(default=False, description="Whether it can say who changed lately: quick runs between full ones.")
    typed_addresses: bool = Field(
        default=False, description="Its inputs say where the credential is sent to: only an admin may set them, or choose the credential."
    )
    uploads: bool = Field(
        default=False,
        description="Its records are those of a file that is uploaded to the integration: nothing signs in, nothing is scheduled, and "
        "no agent reads it.",
    )
    credential_kinds: list[str] = Field(description="Kinds of credentials that it takes; none: it signs in nowhere.")
    credential_application: str | None = Field(
        default=None,
        description="The application that its credentials sign in to: one stored for any provider of the same serves this one too. "
        "Null: its own alone, as of every provider with typed addresses.",
    )
    inputs: list[InputField]
    source_fields: list[SourceField]
    presets: list[Preset]
    operations: list[OperationInfo] = Field(default_factory=list, description="What can be done there.")


class OperationIn(In):
    """One call to a source, made by the connector, which alone holds the secret."""

    idempotency_key: str = Field(min_length=8, max_length=200, description="The same key never acts twice.")
    credential_id: UUID
    inputs: dict[str, InputRef]
    arguments: dict[str, Any]


class OperationOut(Out):
    """What came of an operation. `done` is proven by reading back; `unknown` means ask again with the same key."""

    outcome: Literal["done", "refused", "unknown"]
    code: str | None = None
    message: str
    remedy: str | None = None
    evidence: dict[str, Any] = Field(default_factory=dict, description="The request (no secret), the answer, the read-back, with times.")
    result: dict[str, Any] = Field(default_factory=dict)
