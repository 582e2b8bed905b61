"""Dropbox Business: POST /2/team/members/list_v2."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _member(who: Somebody) -> dict[str, Any]:
    return {
        "profile": {
            "team_member_id": f"dbmid:{who.hexadecimal[:12]}",
            "account_id": f"dbid:{who.hexadecimal[:16]}",
            "email": who.email,
            "email_verified": True,
            "secondary_emails": [{"email": f"{who.login}@second.example.org", "is_verified": True}] if who.number % 2 else [],
            "status": {".tag": "active"},
            "name": {
                "given_name": who.first,
                "surname": who.last,
                "familiar_name": who.first,
                "display_name": who.full,
                "abbreviated_name": who.first[0] + who.last[0],
            },
            "membership_type": {".tag": "full"},
            "external_id": f"{who.number}",
            "groups": ["g:e2db7665347abcd600000000001a2b3c"],
            "member_folder_id": "20",
            "joined_on": who.moment(2021),
            "invited_on": who.moment(2021),
            "persistent_id": who.guid,
            "is_directory_restricted": False,
        },
        "roles": [{"role_id": "pid_dbtmr:2345", "name": "Team member", "description": "Member"}],
    }


SHAPE = Shape(
    name="Dropbox Business",
    application="Dropbox",
    records=[_member(who) for who in PEOPLE],
    person={
        "username": at("profile.email"),
        "email": at("profile.email"),
        "full_name": at("profile.name.display_name"),
        "first_name": at("profile.name.given_name"),
        "last_name": at("profile.name.surname"),
        "source_created_at": at("profile.joined_on"),
        "application_user_id": at("profile.team_member_id", "profile.account_id"),
    },
    saas_user={
        "source_id": at("profile.team_member_id", "profile.account_id"),
        "username": at("profile.email"),
        "email": at("profile.email"),
        "full_name": at("profile.name.display_name"),
        "roles": at("roles.0.name"),
    },
)
