"""Begin: which records start the workflow, and when."""

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from shared.api.workflows import Exit
from shared.rules import Rule
from shared.rules.model import DEEPEST
from workflow_engine.blocks.base import Block, BlockSettings


class BeginSettings(BlockSettings):
    """When the workflow starts, and for whom."""

    trigger: Literal["manual", "record_changed"] = Field(
        default="manual",
        title="Starts",
        description="manual: only when it is run by hand; record_changed: also when a change makes a record match the rule.",
    )
    rule: Rule | None = Field(default=None, title="Rule", description="Which records. Without a rule: all of them.")

    @field_validator("rule", mode="before")
    @classmethod
    def _not_too_deep(cls, given: Any) -> Any:
        """Look before the rule is read, without recursion: a rule that is deep enough would exhaust whoever reads it."""
        groups, depth = [given], 0
        while groups := [inner for group in groups for inner in _within(group)]:
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"a rule may hold at most {DEEPEST} levels of groups within groups")
        return given


def _within(rule: Any) -> list[Any]:
    """Return the rules that a group holds, as they were sent; a condition holds none."""
    if not isinstance(rule, dict):
        return []
    inner = [rule["not"]] if "not" in rule else []
    return inner + [one for name in ("all", "any") if isinstance(rule.get(name), list) for one in rule[name]]


class Begin(Block):
    """Where every run begins."""

    type = "begin"
    title = "Begin"
    description = "Starts the workflow for records that match a rule."
    exits: ClassVar[tuple[Exit, ...]] = ("success",)
    settings_model = BeginSettings
