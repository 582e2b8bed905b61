"""Jira Cloud: GET /rest/api/3/users/search."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "self": f"https://example.atlassian.example.com/rest/api/3/user?accountId={who.hexadecimal[:24]}",
        "accountId": who.hexadecimal[:24],
        "accountType": "atlassian",
        "emailAddress": who.email if who.number != 2 else "",
        "avatarUrls": {"48x48": f"https://avatars.example.com/{who.number}?s=48"},
        "displayName": who.full,
        "active": True,
        "timeZone": "Europe/Berlin",
        "locale": "en_US",
        "groups": {"size": 1, "items": [{"name": "jira-users", "groupId": "g1"}]},
        "applicationRoles": {"size": 1, "items": [{"key": "jira-software", "name": "Jira Software"}]},
    }


SHAPE = Shape(
    name="Jira Cloud",
    application="Jira Cloud",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("emailAddress"),
        "email": at("emailAddress"),
        "full_name": at("displayName"),
        "first_name": at("displayName"),
        "last_name": at("displayName"),
        "application_user_id": at("accountId"),
        "time_zone": at("timeZone"),
    },
    saas_user={
        "source_id": at("accountId"),
        "username": at("emailAddress"),
        "email": at("emailAddress"),
        "full_name": at("displayName"),
    },
)
