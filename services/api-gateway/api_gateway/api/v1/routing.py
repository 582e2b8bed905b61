"""How every route of the API is made: who asks is known before anything else is read."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from typing_extensions import override

from api_gateway.api.v1.addresses import query_names, require_sound
from api_gateway.api.v1.bodies import JsonRequest
from api_gateway.auth.access import BASE, require
from api_gateway.auth.authentication import authenticate
from api_gateway.scope import Parts
from shared.http.paging import LARGEST_PAGE
from shared.http.problems import Problem

BEARER = HTTPBearer(auto_error=False, bearerFormat="rc_<id>_<secret>", description="An API token, as an admin made it for an account.")
"""Only says in the OpenAPI document that a token is needed; `PublicRoute` reads it."""

PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No token, or one that is not good."},
    403: {"model": Problem, "description": "The account's role is not enough."},
    404: {"model": Problem, "description": "It is not there."},
    409: {"model": Problem, "description": "It exists already, or is in a state that does not allow this."},
    422: {"model": Problem, "description": "Fields that are wrong, each with what to do."},
    502: {"model": Problem, "description": "Another system failed."},
}

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many items at most.")]
Cursor = Annotated[str | None, Query(max_length=8000, description="`next_cursor` of the page before.")]
Count = Annotated[bool, Query(description="Also say how many there are in all.")]

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PublicRoute(APIRoute):
    """A route that asks for a token, and for the role in the one table, before it reads anything else; then it reads strictly."""

    @override
    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        known = frozenset(query_names(self.dependant))

        async def handle_known(request: Request) -> Response:
            parts: Parts = request.app.state.parts
            account = await authenticate(parts.database, parts.units, request.headers.get("authorization"))
            request.state.account = account
            require(request.method, self.path, account.role)
            require_sound(request, known)
            return await handle(await self.checked(request))

        return handle_known

    async def checked(self, request: Request) -> Request:
        """Return the request as its handler reads it. Raises `Invalid` for a body that is no JSON that can be kept."""
        strict = JsonRequest(request.scope, request.receive)
        await strict.refuse_unstorable()
        return strict


class UploadRoute(PublicRoute):
    """A route whose body is a file: it is passed on as it comes, once it is known that the account may send one."""

    @override
    async def checked(self, request: Request) -> Request:
        return request


def subject(path: str, tag: str, route: type[PublicRoute] = PublicRoute) -> APIRouter:
    """Return the router of one subject. Its routes know their whole path: it names their line in the table of roles."""
    return APIRouter(prefix=f"{BASE}{path}", tags=[tag], route_class=route, dependencies=[Depends(BEARER)], responses=PROBLEMS)
