"""SCIM 2.0 (RFC 7643) with the enterprise extension, as many applications give it."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": who.guid,
        "externalId": f"ext-{who.number}",
        "userName": who.login,
        "name": {"formatted": who.full, "familyName": who.last, "givenName": who.first, "honorificPrefix": None},
        "displayName": who.first.split()[0],
        "title": who.title,
        "userType": "Employee",
        "preferredLanguage": "en-GB",
        "timezone": "Europe/Paris",
        "active": True,
        "emails": [{"value": who.email, "type": "work", "primary": True}, {"value": f"{who.login}@home.example.org", "type": "home"}],
        "phoneNumbers": [{"value": who.phone, "type": "work"}],
        "addresses": [{"type": "work", "locality": who.city, "country": who.country, "formatted": f"1 Street\n{who.city}"}],
        "groups": [{"value": "g1", "display": "Everybody"}],
        "roles": [{"value": "member", "display": "Member"}],
        "meta": {
            "resourceType": "User",
            "created": who.moment(2022),
            "lastModified": who.moment(2026),
            "location": f"https://scim.example.com/Users/{who.guid}",
        },
        ENTERPRISE: {
            "employeeNumber": f"{600 + who.number}",
            "costCenter": f"CC-{who.number}",
            "organization": "Example Corp",
            "division": "EMEA",
            "department": who.department,
            "manager": {"value": PEOPLE[3].guid, "displayName": PEOPLE[3].full},
        },
    }


def _extended(*keys: str) -> tuple[tuple[str, ...], ...]:
    return ((ENTERPRISE, *keys),)


SHAPE = Shape(
    name="SCIM 2.0",
    application="Example SCIM",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("userName"),
        "email": at("emails.0.value"),
        "full_name": at("name.formatted"),
        "first_name": at("name.givenName"),
        "last_name": at("name.familyName"),
        "source_created_at": at("meta.created"),
        "source_updated_at": at("meta.lastModified"),
        "application_user_id": at("id"),
        "job_title": at("title"),
        "phone": at("phoneNumbers.0.value"),
        "time_zone": at("timezone"),
        "city": at("addresses.0.locality"),
        "country": at("addresses.0.country"),
        "employee_id": _extended("employeeNumber"),
        "cost_center": _extended("costCenter"),
        "company": _extended("organization"),
        "department": _extended("department"),
        "manager": _extended("manager", "displayName"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("userName"),
        "email": at("emails.0.value"),
        "full_name": at("name.formatted"),
        "roles": at("roles.0.display", "roles.0.value"),
    },
)
