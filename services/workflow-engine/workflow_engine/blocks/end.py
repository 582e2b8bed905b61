"""End: where a run is over."""

from typing import ClassVar

from shared.api.workflows import Exit
from workflow_engine.blocks.base import Block, BlockSettings


class EndSettings(BlockSettings):
    """Nothing to set."""


class End(Block):
    """Where a run ends."""

    type = "end"
    title = "End"
    description = "Ends the run."
    exits: ClassVar[tuple[Exit, ...]] = ()
    settings_model = EndSettings
