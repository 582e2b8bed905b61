"""Okta: GET /api/v1/users."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "id": f"00u{who.hexadecimal[:17]}",
        "status": "ACTIVE",
        "created": who.moment(2021, ".000Z"),
        "activated": who.moment(2021, ".000Z"),
        "statusChanged": who.moment(2022, ".000Z"),
        "lastLogin": who.moment(2026, ".000Z") if who.number != 3 else None,
        "lastUpdated": who.moment(2025, ".000Z"),
        "passwordChanged": who.moment(2024, ".000Z"),
        "type": {"id": "oty1example"},
        "profile": {
            "firstName": who.first,
            "lastName": who.last,
            "mobilePhone": who.phone if who.number % 2 else None,
            "secondEmail": f"{who.first.split()[0].lower()}@home.example.org" if who.number % 3 else None,
            "login": who.email,
            "email": who.email,
            "displayName": who.full,
            "nickName": who.first,
            "title": who.title,
            "department": who.department,
            "organization": "Example Corp",
            "employeeNumber": f"E{1000 + who.number}",
            "manager": PEOPLE[3].full,
            "managerId": "00u1manager",
            "city": who.city,
            "countryCode": who.country,
            "locale": "en_US",
            "timezone": "Europe/Berlin",
            "userType": "Employee",
        },
        "credentials": {
            "password": {},
            "recovery_question": {"question": "Who's a major player in the cowboy scene?"},
            "emails": [{"value": who.email, "status": "VERIFIED", "type": "PRIMARY"}],
            "provider": {"type": "OKTA" if who.number % 2 else "ACTIVE_DIRECTORY", "name": "OKTA" if who.number % 2 else "example.com"},
        },
        "_links": {"self": {"href": f"https://example.okta.example.com/api/v1/users/{who.number}"}},
    }


SHAPE = Shape(
    name="Okta",
    application="Okta",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("profile.login"),
        "email": at("profile.email", "credentials.emails.0.value"),
        "full_name": at("profile.displayName"),
        "first_name": at("profile.firstName"),
        "last_name": at("profile.lastName"),
        "source_created_at": at("created"),
        "source_updated_at": at("lastUpdated"),
        "source_type": at("credentials.provider.type"),
        "application_user_id": at("id"),
        "department": at("profile.department"),
        "job_title": at("profile.title"),
        "mobile_phone": at("profile.mobilePhone"),
        "employee_id": at("profile.employeeNumber"),
        "manager": at("profile.manager"),
        "company": at("profile.organization"),
        "city": at("profile.city"),
        "country": at("profile.countryCode"),
        "time_zone": at("profile.timezone"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("profile.login"),
        "email": at("profile.email", "credentials.emails.0.value"),
        "full_name": at("profile.displayName"),
        "last_activity_at": at("lastLogin"),
    },
)
