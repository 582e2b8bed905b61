"""CrowdStrike Falcon: POST /user-management/entities/users/GET/v1."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "cid": "0123456789abcdef0123456789abcdef",
        "uuid": who.guid,
        "uid": who.email,
        "first_name": who.first,
        "last_name": who.last,
        "factors": ["webauthn"],
        "created_at": who.moment(2022),
        "updated_at": who.moment(2025),
        "last_login_at": who.moment(2026) if who.number % 2 else None,
        "status": "active",
    }


SHAPE = Shape(
    name="CrowdStrike Falcon",
    application="CrowdStrike Falcon",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("uid"),
        "email": at("uid"),
        "first_name": at("first_name"),
        "last_name": at("last_name"),
        "source_created_at": at("created_at"),
        "source_updated_at": at("updated_at"),
        "application_user_id": at("uuid"),
    },
    saas_user={
        "source_id": at("uuid"),
        "username": at("uid"),
        "email": at("uid"),
        "last_activity_at": at("last_login_at"),
    },
)
