"""Zoom: GET /v2/users."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "id": f"z{who.hexadecimal[:21]}",
        "first_name": who.first,
        "last_name": who.last,
        "display_name": who.full,
        "email": who.email,
        "type": 2,
        "pmi": 5_550_000_000 + who.number,
        "timezone": "Europe/Berlin",
        "verified": 1,
        "dept": who.department if who.number != 6 else "",
        "created_at": who.moment(2021),
        "user_created_at": who.moment(2021),
        "last_login_time": who.moment(2026),
        "last_client_version": "6.1.0.1234(mac)",
        "language": "en-US",
        "phone_number": who.phone,
        "status": "active",
        "role_id": "2",
        "employee_unique_id": f"EMP{who.number:04d}",
        "group_ids": ["qExampleGroup"],
        "plan_united_type": "1",
        "license_info_list": [],
        "custom_attributes": [{"key": "cbf_cost", "name": "Cost centre", "value": f"CC{who.number}"}],
    }


SHAPE = Shape(
    name="Zoom",
    application="Zoom",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("email"),
        "email": at("email"),
        "full_name": at("display_name"),
        "first_name": at("first_name"),
        "last_name": at("last_name"),
        "source_created_at": at("created_at", "user_created_at"),
        "application_user_id": at("id"),
        "department": at("dept"),
        "phone": at("phone_number"),
        "employee_id": at("employee_unique_id"),
        "time_zone": at("timezone"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("email"),
        "email": at("email"),
        "full_name": at("display_name"),
        "last_activity_at": at("last_login_time"),
    },
)
