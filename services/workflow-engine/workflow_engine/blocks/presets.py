"""What blocks with a preset have in common: the preset, the credential and the inputs of the operation behind it."""

from typing import Any
from uuid import UUID

from pydantic import Field

from shared.api.sources import OperationIn
from shared.api.variables import InputRef
from shared.errors import Invalid
from workflow_engine.blocks.base import BlockSettings, Context
from workflow_engine.clients.connector import OfferedPreset


class PresetSettings(BlockSettings):
    """Which operation of which source, and how to sign in there."""

    preset: str = Field(title="Preset", min_length=1, max_length=100, description="A named configuration of this block.")
    credential_id: UUID = Field(title="Credential", description="What signs in to the source.")
    inputs: dict[str, InputRef] = Field(
        default_factory=dict, title="Inputs", description="Values of the operation: typed in, or taken from global variables."
    )


def operation(context: Context, *, key: str, arguments: dict[str, Any]) -> tuple[OfferedPreset, OperationIn]:
    """Return the preset of a batch, and the call to the connector. Raises `Invalid` when the version has no such preset."""
    if context.preset is None:
        raise Invalid("the block's preset is not kept with its version", code="preset_missing", remedy="Activate the workflow again.")
    settings: PresetSettings = context.settings
    given = OperationIn(idempotency_key=key, credential_id=settings.credential_id, inputs=settings.inputs, arguments=arguments)
    return context.preset, given
