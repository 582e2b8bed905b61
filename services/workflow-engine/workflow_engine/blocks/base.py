"""What a block is: its form, its exits, and the work it does on a batch of steps."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from shared.api.workflows import BlockTypeOut, Exit
from shared.events.records import Cause, RecordType
from shared.events.workflows import RecordChangeRequest
from workflow_engine.clients.connector import ConnectorClient, OfferedPreset
from workflow_engine.clients.mapper import MapperClient

MAYBE_DONE = "may_be_done"
"""Set in a step's evidence once an earlier attempt ended without anybody knowing what came of it."""
EVERY_TYPE: frozenset[RecordType] = frozenset({"person", "saas_user", "asset"})


class BlockSettings(BaseModel):
    """What is set on a block. Its JSON schema is the form; an unknown setting is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SettingsModel = type[BlockSettings]


@dataclass(frozen=True, slots=True)
class Work:
    """One step that a worker holds. `evidence` is what an earlier attempt left."""

    step_id: UUID
    run_id: UUID
    record_id: UUID
    attempt: int
    correlation_id: UUID
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one step: an exit, or None when it must be tried again later.

    With a `change`, the success only counts once the mapper has answered that the record is changed.
    """

    step_id: UUID
    exit: Exit | None
    message: str
    code: str | None = None
    remedy: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    change: RecordChangeRequest | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a batch shares: the block's settings, the version's Begin rule and preset, and whom to ask."""

    settings: Any
    rule: Any
    record_type: RecordType
    preset: OfferedPreset | None
    workflow_name: str
    block_name: str
    connector: ConnectorClient
    mapper: MapperClient
    zone: ZoneInfo
    """Whose days count in rules."""
    operation_seconds: float = 120.0
    parallel_operations: int = 4

    @property
    def actor(self) -> str:
        """In whose name the block acts."""
        return f"workflow:{self.workflow_name}"

    @property
    def sent_rule(self) -> dict[str, Any] | None:
        """The rule as others are told it."""
        return None if self.rule is None else self.rule.model_dump(mode="json", by_alias=True, exclude_none=True)

    def cause(self, step_id: UUID) -> Cause:
        """Return why a record changes when this block changes it."""
        return Cause(kind="workflow_step", id=str(step_id), actor=self.actor, detail=f"{self.workflow_name} · {self.block_name}")


class Block:
    """A kind of block. Begin and End are only this: the interpreter passes them by itself."""

    type: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    exits: ClassVar[tuple[Exit, ...]] = ("success", "failure")
    destructive: ClassVar[bool] = False
    object_types: ClassVar[frozenset[RecordType]] = EVERY_TYPE
    settings_model: ClassVar[SettingsModel]

    @classmethod
    def shown(cls) -> BlockTypeOut:
        """Return the block type as the palette and its form need it."""
        return BlockTypeOut(
            type=cls.type,
            title=cls.title,
            description=cls.description,
            destructive=cls.destructive,
            exits=list(cls.exits),
            settings_schema=cls.settings_model.model_json_schema(),
        )


class WorkBlock(Block, ABC):
    """A block that works: on many steps at once, outside every transaction."""

    largest_batch: ClassVar[int] = 200

    @abstractmethod
    async def run(self, batch: Sequence[Work], context: Context) -> list[Outcome]:
        """Return one outcome for each step. An `AppError` raised here speaks for the whole batch, which is tried again."""
