"""What a batch needs to run: the version it belongs to."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.workflows import BlockIn, DefinitionIn
from shared.events.records import RecordType
from workflow_engine.blocks.base import WorkBlock
from workflow_engine.blocks.begin import BeginSettings
from workflow_engine.blocks.registry import working
from workflow_engine.clients.connector import OfferedPreset
from workflow_engine.tables import VERSIONS, WORKFLOWS


@dataclass(frozen=True, slots=True)
class VersionRead:
    """One version as blocks need it."""

    workflow_name: str
    record_type: RecordType
    rule: Any
    blocks: dict[str, BlockIn]
    presets: dict[str, OfferedPreset]

    def block(self, block_id: str) -> tuple[WorkBlock | None, BlockIn]:
        """Return the code and the definition of a block."""
        block = self.blocks[block_id]
        return working(block.type), block


async def read_version(session: AsyncSession, version_id: UUID) -> VersionRead:
    """Read a version."""
    statement = (
        select(VERSIONS.c.definition, VERSIONS.c.presets, VERSIONS.c.object_type, WORKFLOWS.c.name)
        .join(WORKFLOWS, WORKFLOWS.c.id == VERSIONS.c.workflow_id)
        .where(VERSIONS.c.id == version_id)
    )
    row = (await session.execute(statement)).one()
    definition = DefinitionIn.model_validate(row.definition)
    begin = next(block for block in definition.blocks if block.type == "begin")
    return VersionRead(
        workflow_name=row.name,
        record_type=row.object_type,
        rule=BeginSettings.model_validate(begin.settings).rule,
        blocks={block.id: block for block in definition.blocks},
        presets={key: OfferedPreset.model_validate(preset) for key, preset in row.presets.items()},
    )
