"""Box: GET /2.0/users?fields=..."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "type": "user",
        "id": f"1118{who.number:07d}",
        "name": who.full,
        "login": who.email,
        "created_at": who.moment(2017, "-08:00"),
        "modified_at": who.moment(2026, "-08:00"),
        "language": "en",
        "timezone": "Europe/Berlin",
        "space_amount": 10_737_418_240,
        "space_used": who.number * 1_000_000,
        "max_upload_size": 5_368_709_120,
        "status": "active",
        "job_title": who.title if who.number != 1 else "",
        "phone": who.phone,
        "address": f"1 Main Street, {who.city}",
        "avatar_url": f"https://box.example.com/avatar/{who.number}",
        "notification_email": {"email": f"{who.login}@notify.example.org", "is_confirmed": True} if who.number % 2 else None,
        "role": "user",
        "tracking_codes": [],
        "can_see_managed_users": True,
        "is_sync_enabled": True,
        "enterprise": {"type": "enterprise", "id": "123", "name": "Example Corp"},
        "external_app_user_id": f"{who.number}",
        "hostname": "https://example.app.box.example.com/",
    }


SHAPE = Shape(
    name="Box",
    application="Box",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("login"),
        "email": at("login"),
        "full_name": at("name"),
        "first_name": at("name"),
        "last_name": at("name"),
        "source_created_at": at("created_at"),
        "source_updated_at": at("modified_at"),
        "application_user_id": at("id"),
        "job_title": at("job_title"),
        "phone": at("phone"),
        "company": at("enterprise.name"),
        "time_zone": at("timezone"),
    },
    saas_user={"source_id": at("id"), "username": at("login"), "email": at("login"), "full_name": at("name"), "roles": at("role")},
)
