"""Operations: one thing done at a source, at most once for one key."""

from typing import Annotated

from fastapi import APIRouter, Path

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.sources import OperationIn, OperationOut

Key = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9-]+$")]

router: APIRouter = subject("/operations", "operations")


@router.post("/{provider}/{operation}")
async def carry_out(provider: Key, operation: Key, given: OperationIn, parts: InParts, account: InAccount) -> OperationOut:
    """Do one thing at a source; `unknown` means: ask again with the same key. `GET /providers/{key}` lists what there is to do.

    Deleting a user counts as a loss: above the guard's limits it is refused with `withheld_by_guard` and waits in the tray.
    """
    return await parts.operations.carry_out(provider, operation, given, actor=account.name)
