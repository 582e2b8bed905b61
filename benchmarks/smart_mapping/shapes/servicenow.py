"""ServiceNow: GET /api/now/table/sys_user?sysparm_display_value=true."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _link(display: str) -> dict[str, Any]:
    return {"display_value": display, "link": "https://example.service-now.example.com/api/now/table/x/1"}


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "sys_id": who.hexadecimal,
        "user_name": who.login,
        "name": who.full,
        "first_name": who.first,
        "middle_name": "",
        "last_name": who.last,
        "email": who.email,
        "title": who.title,
        "phone": who.phone,
        "mobile_phone": "" if who.number % 2 else who.phone,
        "home_phone": "",
        "employee_number": f"SN{who.number}",
        "department": _link(who.department),
        "manager": _link(PEOPLE[3].full),
        "location": _link(who.city),
        "company": _link("Example Corp"),
        "cost_center": _link(f"CC{who.number}"),
        "country": who.country,
        "city": who.city,
        "active": "true",
        "locked_out": "false",
        "vip": "false",
        "source": f"ldap:CN={who.full},DC=example,DC=com" if who.number % 2 else "",
        "time_zone": "System (Europe/Berlin)",
        "last_login": who.moment(2026)[:10],
        "last_login_time": who.moment(2026)[:19].replace("T", " "),
        "user_password": "********",
        "sys_created_on": who.moment(2019)[:19].replace("T", " "),
        "sys_created_by": "admin",
        "sys_updated_on": who.moment(2026)[:19].replace("T", " "),
        "sys_updated_by": "system",
        "sys_mod_count": str(who.number),
        "sys_domain": _link("global"),
    }


SHAPE = Shape(
    name="ServiceNow",
    application="ServiceNow",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("user_name"),
        "email": at("email"),
        "full_name": at("name"),
        "first_name": at("first_name"),
        "last_name": at("last_name"),
        "source_created_at": at("sys_created_on"),
        "source_updated_at": at("sys_updated_on"),
        "source_type": at("source"),
        "application_user_id": at("sys_id"),
        "department": at("department.display_value"),
        "job_title": at("title"),
        "phone": at("phone"),
        "mobile_phone": at("mobile_phone"),
        "employee_id": at("employee_number"),
        "manager": at("manager.display_value"),
        "company": at("company.display_value"),
        "cost_center": at("cost_center.display_value"),
        "office": at("location.display_value"),
        "city": at("city"),
        "country": at("country"),
        "time_zone": at("time_zone"),
    },
    saas_user={
        "source_id": at("sys_id"),
        "username": at("user_name"),
        "email": at("email"),
        "full_name": at("name"),
        "last_activity_at": at("last_login_time", "last_login"),
    },
)
