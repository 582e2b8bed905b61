"""Begin: which records start the workflow, and when."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.api.workflows import Exit
from shared.rules import Rule
from workflow_engine.blocks.base import Block, BlockSettings


class BeginSettings(BlockSettings):
    """When the workflow starts, and for whom."""

    trigger: Literal["manual", "record_changed"] = Field(
        default="manual",
        title="Starts",
        description="manual: only when it is run by hand; record_changed: also when a change makes a record match the rule.",
    )
    rule: Rule | None = Field(default=None, title="Rule", description="Which records. Without a rule: all of them.")


class Begin(Block):
    """Where every run begins."""

    type = "begin"
    title = "Begin"
    description = "Starts the workflow for records that match a rule."
    exits: ClassVar[tuple[Exit, ...]] = ("success",)
    settings_model = BeginSettings
