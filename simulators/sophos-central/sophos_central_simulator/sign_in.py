"""Sign-in and whoami."""

import math
import re
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from orjson import JSONDecodeError, loads

from sophos_central_simulator.errors import token_refused
from sophos_central_simulator.requests import answer, base_url, caller, tenants_of
from sophos_central_simulator.settings import UUID
from sophos_central_simulator.tenants import Parent, Tenant

TOKEN = "/api/v2/oauth2/token"  # noqa: S105 - a path
router = APIRouter()


@router.post(TOKEN)
async def token(request: Request) -> Response:
    """Exchange a credential, or a credential and a refresh token, for a token."""
    is_json = _is_json(request.headers.get("content-type", ""))
    form = credential_in(await request.body(), is_json=is_json)
    owner = tenants_of(request).by_client(form.get("client_id", ""))
    return _refusal(form, owner, is_json=is_json) or _granted(owner)


@router.get("/whoami/v1")
async def whoami(request: Request) -> Response:
    """Say whose the token is and where its API is."""
    base, asked = base_url(request), caller(request)
    if isinstance(asked, Parent):
        return answer({"id": asked.id, "idType": asked.kind, "apiHosts": {"global": base}})
    return answer({"id": asked.id, "idType": "tenant", "apiHosts": {"global": base, "dataRegion": base}})


def client_of(body: bytes, content_type: str) -> str:
    """Return the client id that a sign-in names; empty when there is none."""
    return credential_in(body, is_json=_is_json(content_type)).get("client_id", "")


def credential_in(body: bytes, *, is_json: bool) -> dict[str, str]:
    """Return the text fields of a sign-in; empty when it cannot be read."""
    if not is_json:
        return {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    try:
        given: Any = loads(body)
    except JSONDecodeError:
        return {}
    return {name: value for name, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}


def _is_json(content_type: str) -> bool:
    return content_type.lower().startswith("application/json")


def _refusal(form: dict[str, str], owner: Tenant | Parent | None, *, is_json: bool) -> Response | None:
    """Return why there is no token. A form asks with client credentials, JSON with a refresh token."""
    grant_type = "refresh_token" if is_json else "client_credentials"
    well_formed = re.fullmatch(UUID, form.get("client_id", "")) and form.get("client_secret")
    needed = owner is None or owner.switches.grant_type_needed
    if (needed and form.get("grant_type") != grant_type) or not well_formed:
        return token_refused(400, "customer.validation", "Bad Request")
    if owner is None:
        return token_refused(401, "oauth.client_app_does_not_exist")
    if form["client_secret"] != owner.client_secret:
        return token_refused(401, "oauth.invalid_client_secret")
    if owner.switches.client_disabled:
        return token_refused(401, "oauth.client_disabled")
    if is_json and not owner.refreshes(form.get("refresh_token", "")):
        return token_refused(401, "oauth.invalid_refresh_token")
    return None


def _granted(owner: Tenant | Parent | None) -> Response:
    assert owner is not None  # noqa: S101 - nobody is a refusal
    access, refresh = owner.issue()
    return answer(
        {
            "access_token": access,
            "errorCode": "success",
            "expires_in": math.ceil(owner.switches.token_life),
            "message": "OK",
            "refresh_token": refresh,
            "token_type": "bearer",
            "trackingId": str(uuid4()),
        }
    )
