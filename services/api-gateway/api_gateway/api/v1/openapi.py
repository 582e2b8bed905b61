"""The OpenAPI document of this API; like the rest of it, only with a token."""

from typing import Any

from fastapi import APIRouter, Request

from api_gateway.api.v1.routing import subject

router: APIRouter = subject("", "openapi")


@router.get("/openapi.json", include_in_schema=False)
async def document(request: Request) -> dict[str, Any]:
    """Return the document."""
    described: dict[str, Any] = request.app.openapi()
    return described
