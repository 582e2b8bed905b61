"""The API of Sophos Central as far as it is simulated: sign-in, whoami, users of the directory and their groups."""

import random
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Request, Response
from orjson import JSONDecodeError, dumps, loads

from sophos_central_simulator.errors import Refused, token_refused
from sophos_central_simulator.people import uuid_from
from sophos_central_simulator.queries import many, page_of, partial
from sophos_central_simulator.tenants import Tenant, Tenants

WRITABLE = ("name", "firstName", "lastName", "email", "exchangeLogin")
USERS = "/common/v1/directory/users"
router = APIRouter()


def answer(body: Any, status: int = 200) -> Response:
    """Return JSON in UTF-8."""
    return Response(dumps(body), status, media_type="application/json")


@router.post("/api/v2/oauth2/token")
async def token(request: Request) -> Response:
    """Exchange a credential for a token."""
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        form = _json(body)
        good = form.get("grant_type") == "refresh_token" and form.get("refresh_token")
    else:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        good = form.get("grant_type") == "client_credentials"
    client_id, secret = str(form.get("client_id", "")), str(form.get("client_secret", ""))
    if not good or not client_id or not secret:
        return token_refused(400, "customer.validation", "Bad Request")
    tenants: Tenants = request.app.state.tenants
    tenant = tenants.by_client(client_id)
    if tenant is None:
        return token_refused(401, "oauth.client_app_does_not_exist")
    if tenant.client_secret != secret:
        return token_refused(401, "oauth.invalid_client_secret")
    return answer(
        {
            "access_token": tenant.issue(),
            "errorCode": "success",
            "expires_in": int(tenant.switches.token_life),
            "message": "OK",
            "refresh_token": random.randbytes(32).hex(),
            "token_type": "bearer",
            "trackingId": uuid_from(random.Random()),
        }
    )


@router.get("/whoami/v1")
async def whoami(request: Request) -> Response:
    """Say whose the token is and where its API is."""
    tenant: Tenant = request.state.tenant
    base = request.app.state.base_url(request)
    return answer({"id": tenant.id, "idType": "tenant", "apiHosts": {"global": base, "dataRegion": base}})


@router.get(USERS)
async def list_users(request: Request) -> Response:
    """Return a page of users."""
    tenant = _scoped(request)
    return answer(page_of(request.query_params, tenant.directory, tenant.switches))


@router.get(USERS + "/{user_id}")
async def read_user(request: Request, user_id: str) -> Response:
    """Return one user."""
    user = _user(request, user_id)
    return answer(partial(user, many(request.query_params, "fields")))


@router.post(USERS)
async def add_user(request: Request) -> Response:
    """Create a custom user."""
    tenant = _writable(request)
    given = _json(await request.body())
    _email_is_free(tenant, given.get("email"), None)
    known = {group["id"]: group for group in tenant.directory.groups}
    chosen = given.get("groupIds") or []
    if any(group not in known for group in chosen):
        raise Refused(404, "notFound", "Group not found")
    groups = [known[group] for group in chosen]
    moment = tenant.directory.moment()
    user = {
        "id": uuid_from(random.Random()),
        **{name: given[name] for name in WRITABLE if given.get(name) is not None},
        "groups": {"total": len(groups), "itemsCount": len(groups), "items": groups},
        "tenant": {"id": tenant.id},
        "source": {"type": "custom"},
        "createdAt": moment,
        "updatedAt": moment,
    }
    tenant.directory.add(user)
    return answer(user, 201)


@router.patch(USERS + "/{user_id}")
async def change_user(request: Request, user_id: str) -> Response:
    """Change a custom user."""
    tenant = _writable(request)
    user = _user(request, user_id)
    if user["source"]["type"] != "custom":
        raise Refused(409, "conflict", "User is synced from Active Directory")
    given = _json(await request.body())
    _email_is_free(tenant, given.get("email"), user_id)
    return answer(tenant.directory.update(user_id, {name: given[name] for name in WRITABLE if name in given}))


@router.delete(USERS + "/{user_id}")
async def delete_user(request: Request, user_id: str) -> Response:
    """Delete a custom user. Answers 200 for one that nobody has, as Sophos does."""
    tenant = _writable(request)
    user = tenant.directory.users.get(user_id)
    if user is None:
        return answer({"deleted": tenant.switches.deleted_unknown_answers})
    synced = user["source"]["type"]
    if synced == "activeDirectory" or (synced != "custom" and tenant.switches.azure_delete_conflicts):
        raise Refused(409, "conflict", "User is synced from Active Directory")
    tenant.directory.remove(user_id)
    return answer({"deleted": True})


@router.get(USERS + "/{user_id}/groups")
async def groups_of(request: Request, user_id: str) -> Response:
    """Return the groups of a user."""
    items = _user(request, user_id)["groups"]["items"]
    return answer({"items": items, "pages": {"current": 1, "size": 50, "maxSize": 100}})


def _scoped(request: Request) -> Tenant:
    """Return the tenant of the token, which X-Tenant-ID must name."""
    tenant: Tenant = request.state.tenant
    named = request.headers.get("x-tenant-id")
    if named is None:
        raise Refused(401, "unauthorized", "X-Tenant-ID is missing")
    if named.lower() != tenant.id.lower():
        raise Refused(403, "forbidden", "Forbidden")
    return tenant


def _writable(request: Request) -> Tenant:
    tenant = _scoped(request)
    if tenant.switches.read_only:
        raise Refused(403, "forbidden", "Access is denied")
    return tenant


def _user(request: Request, user_id: str) -> dict[str, Any]:
    tenant = _scoped(request)
    try:
        UUID(user_id)
    except ValueError:
        raise Refused(400, "badRequest", "userId is not a UUID") from None
    user = tenant.directory.users.get(user_id)
    if user is None or user_id in tenant.switches.absent_for_reading:
        raise Refused(404, "notFound", "User not found")
    return user


def _email_is_free(tenant: Tenant, email: str | None, owner: str | None) -> None:
    if email and any(user.get("email", "").lower() == email.lower() and user["id"] != owner for user in tenant.directory.users.values()):
        raise Refused(409, "conflict", "Email is already in use")


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = loads(body)
    except JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Refused(400, "badRequest", "The body is not a JSON object")
    return given
