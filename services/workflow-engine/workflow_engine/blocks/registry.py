"""The block types there are, by their type."""

from workflow_engine.blocks.api_call import ApiCall
from workflow_engine.blocks.base import Block, WorkBlock
from workflow_engine.blocks.begin import Begin
from workflow_engine.blocks.end import End
from workflow_engine.blocks.saas_user_role_retrieval import SaasUserRoleRetrieval

BLOCKS: dict[str, type[Block]] = {block.type: block for block in (Begin, End, SaasUserRoleRetrieval, ApiCall)}


def working(block_type: str) -> WorkBlock | None:
    """Return the block that does a step's work, or None when this version of the service has no such block."""
    block = BLOCKS.get(block_type)
    return block() if block is not None and issubclass(block, WorkBlock) else None
