"""Sophos Central: GET /common/v1/directory/users."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "id": who.guid,
        "name": who.full,
        "firstName": who.first,
        "lastName": who.last,
        "email": who.email,
        "exchangeLogin": f"EXAMPLE\\{who.login}" if who.number % 2 else "",
        "domain": "example.com",
        "groups": {"total": 1, "itemsCount": 1, "items": [{"id": PEOPLE[0].guid, "name": "Everybody", "displayName": "Everybody"}]},
        "tenant": {"id": "11111111-1111-4111-8111-111111111111"},
        "source": {"type": "custom" if who.number % 2 else "azureActiveDirectory"},
        "createdAt": who.moment(2023, ".000Z"),
        "updatedAt": who.moment(2026, ".000Z"),
    }


SHAPE = Shape(
    name="Sophos users",
    application="Sophos Endpoint Security",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("email", "exchangeLogin"),
        "email": at("email"),
        "full_name": at("name"),
        "first_name": at("firstName"),
        "last_name": at("lastName"),
        "source_created_at": at("createdAt"),
        "source_updated_at": at("updatedAt"),
        "source_type": at("source.type"),
        "application_user_id": at("id"),
    },
    saas_user={"source_id": at("id"), "username": at("email", "exchangeLogin"), "email": at("email"), "full_name": at("name")},
)
