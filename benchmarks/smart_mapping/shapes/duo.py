"""Duo Security: GET /admin/v1/users."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "alias1": who.email,
        "alias2": None,
        "aliases": {"alias1": who.email},
        "created": who.epoch(2021),
        "email": who.email,
        "enable_auto_prompt": True,
        "firstname": who.first,
        "groups": [{"desc": "Everybody in the company", "group_id": "DGEXAMPLE", "name": "Everybody", "status": "Active"}],
        "is_enrolled": True,
        "last_directory_sync": who.epoch(2026),
        "last_login": who.epoch(2026),
        "lastname": who.last,
        "notes": "",
        "phones": [
            {
                "phone_id": f"DP{who.hexadecimal[:18].upper()}",
                "number": who.phone.replace(" ", ""),
                "name": "",
                "model": "Apple iPhone 15",
                "platform": "Apple iOS",
                "type": "Mobile",
                "last_seen": who.moment(2026, ""),
                "activated": True,
            }
        ],
        "realname": who.full,
        "status": "active",
        "tokens": [{"serial": "123456", "token_id": "DHEXAMPLE", "type": "d1"}],
        "user_id": f"DU{who.hexadecimal[:18].upper()}",
        "username": who.login,
    }


SHAPE = Shape(
    name="Duo Security",
    application="Duo",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("username"),
        "email": at("email"),
        "full_name": at("realname"),
        "first_name": at("firstname"),
        "last_name": at("lastname"),
        "source_created_at": at("created"),
        "application_user_id": at("user_id"),
        "phone": at("phones.0.number"),
    },
    saas_user={
        "source_id": at("user_id"),
        "username": at("username"),
        "email": at("email"),
        "full_name": at("realname"),
        "last_activity_at": at("last_login"),
    },
)
