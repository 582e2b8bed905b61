"""Auth0: GET /api/v2/users."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "user_id": f"auth0|{who.hexadecimal[:24]}",
        "email": who.email,
        "email_verified": True,
        "username": who.login,
        "phone_verified": False,
        "created_at": who.moment(2022, ".123Z"),
        "updated_at": who.moment(2026, ".123Z"),
        "identities": [{"connection": "corp", "user_id": who.hexadecimal[:24], "provider": "auth0", "isSocial": False}],
        "app_metadata": {"roles": ["reader"], "plan": "team"},
        "user_metadata": {"department": who.department, "hobby": ""},
        "picture": f"https://avatars.example.com/{who.number}.png",
        "name": who.email if who.number == 6 else who.full,
        "nickname": who.login,
        "multifactor": ["guardian"],
        "last_ip": f"192.0.2.{who.number}",
        "last_login": who.moment(2026, ".123Z"),
        "last_password_reset": who.moment(2025, ".123Z"),
        "logins_count": who.number * 11,
        "blocked": False,
        "given_name": who.first,
        "family_name": who.last,
    }


SHAPE = Shape(
    name="Auth0",
    application="Auth0",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("username"),
        "email": at("email"),
        "full_name": at("name"),
        "first_name": at("given_name"),
        "last_name": at("family_name"),
        "source_created_at": at("created_at"),
        "source_updated_at": at("updated_at"),
        "source_type": at("identities.0.provider"),
        "application_user_id": at("user_id"),
        "department": at("user_metadata.department"),
    },
    saas_user={
        "source_id": at("user_id"),
        "username": at("username"),
        "email": at("email"),
        "full_name": at("name"),
        "roles": at("app_metadata.roles"),
        "last_activity_at": at("last_login"),
    },
)
