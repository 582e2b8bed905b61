"""Routes of the operations."""

from fastapi import APIRouter

from connector.operations.operations import carry_out
from connector.scope import InCaller, InParts
from shared.api.sources import OperationIn, OperationOut

router = APIRouter(prefix="/operations", tags=["operations"])


@router.post("/{provider}/{operation}")
async def carry_out_one(provider: str, operation: str, given: OperationIn, parts: InParts, caller: InCaller) -> OperationOut:
    """Do one thing at a source, at most once for one key."""
    return await carry_out(parts, provider, operation, given, caller)
