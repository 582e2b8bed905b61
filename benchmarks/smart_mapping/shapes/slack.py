"""Slack: users.list."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "id": f"U0{who.hexadecimal[:9].upper()}",
        "team_id": "T0EXAMPLE",
        "name": who.login.split(".")[0] + who.login.split(".")[1][:1],
        "deleted": False,
        "color": who.hexadecimal[:6],
        "real_name": who.full,
        "tz": "Europe/Amsterdam",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": {
            "title": who.title if who.number != 2 else "",
            "phone": who.phone if who.number % 2 else "",
            "skype": "",
            "real_name": who.full,
            "real_name_normalized": who.full,
            "display_name": who.first.split()[0].lower(),
            "display_name_normalized": who.first.split()[0].lower(),
            "first_name": who.first,
            "last_name": who.last,
            "status_text": "On holiday" if who.number == 3 else "",
            "status_emoji": "",
            "avatar_hash": who.hexadecimal[:12],
            "email": who.email,
            "image_24": f"https://avatars.example.com/{who.number}_24.png",
            "team": "T0EXAMPLE",
        },
        "is_admin": who.number == 4,
        "is_owner": False,
        "is_bot": False,
        "is_app_user": False,
        "updated": who.epoch(2025),
        "has_2fa": True,
        "locale": "en-GB",
    }


SHAPE = Shape(
    name="Slack",
    application="Slack",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("name", "profile.email"),
        "email": at("profile.email"),
        "full_name": at("real_name", "profile.real_name", "profile.real_name_normalized"),
        "first_name": at("profile.first_name"),
        "last_name": at("profile.last_name"),
        "source_updated_at": at("updated"),
        "application_user_id": at("id"),
        "job_title": at("profile.title"),
        "phone": at("profile.phone"),
        "time_zone": at("tz"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("name", "profile.email"),
        "email": at("profile.email"),
        "full_name": at("real_name", "profile.real_name", "profile.real_name_normalized"),
    },
)
