"""Routes of the palette: block types and presets."""

from fastapi import APIRouter

from shared.api.sources import Preset
from shared.api.workflows import BlockTypeOut
from shared.http.paging import Page
from workflow_engine.blocks.registry import BLOCKS
from workflow_engine.scope import InCaller, InParts

router = APIRouter(tags=["blocks"])


@router.get("/blocks")
async def list_blocks(caller: InCaller) -> Page[BlockTypeOut]:
    """Return the block types there are, with the schemas of their forms."""
    del caller
    return Page(items=[block.shown() for block in BLOCKS.values()])


@router.get("/presets")
async def list_presets(parts: InParts, caller: InCaller) -> Page[Preset]:
    """Return the presets that the connector's providers offer to workflows."""
    return Page(items=[preset for _, preset in await parts.connector.usable(actor=caller.actor)])
