"""SentinelOne: GET /web/api/v2.1/users."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "id": f"{who.number * 123456789012345678 % 10**19:019d}",
        "email": who.email,
        "emailReadOnly": False,
        "emailVerified": True,
        "fullName": who.full,
        "fullNameReadOnly": False,
        "dateJoined": who.moment(2022, ".123456Z"),
        "lastLogin": who.moment(2026, ".123456Z"),
        "firstLogin": who.moment(2023, ".123456Z"),
        "source": "mgmt" if who.number % 2 else "sso_saml",
        "scope": "site",
        "lowestRole": "Viewer",
        "primaryTwoFaMethod": "application",
        "twoFaEnabled": True,
        "apiToken": None,
        "groupsReadOnly": False,
        "allowRemoteShell": False,
        "agreementUrl": None,
        "isSystem": False,
        "siteRoles": [{"id": "225494730938493804", "name": "Default site", "roleName": "Viewer", "roleId": "999"}],
        "scopeRoles": [{"id": "225494730938493804", "name": "Default site", "roleName": "Viewer", "roles": ["Viewer"], "roleId": "999"}],
        "tenantRoles": [],
    }


SHAPE = Shape(
    name="SentinelOne",
    application="SentinelOne",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("email"),
        "email": at("email"),
        "full_name": at("fullName"),
        "source_created_at": at("dateJoined"),
        "source_type": at("source"),
        "application_user_id": at("id"),
        # Cutting the full name is the only way to these: a guess, and right for most.
        "first_name": at("fullName"),
        "last_name": at("fullName"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("email"),
        "email": at("email"),
        "full_name": at("fullName"),
        "roles": at("scopeRoles.0.roles"),
        "last_activity_at": at("lastLogin"),
    },
)
