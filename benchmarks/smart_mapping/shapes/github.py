"""GitHub: members of an organization, GET /users/{login} of each."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    login = who.login.replace(".", "-")
    return {
        "login": login,
        "id": 5_550_000 + who.number,
        "node_id": f"U_kgDO{who.hexadecimal[:8]}",
        "avatar_url": f"https://avatars.example.com/u/{who.number}?v=4",
        "gravatar_id": "",
        "url": f"https://api.example.com/users/{login}",
        "html_url": f"https://example.com/{login}",
        "organizations_url": f"https://api.example.com/users/{login}/orgs",
        "type": "User",
        "user_view_type": "public",
        "site_admin": False,
        "name": who.full if who.number != 5 else None,
        "company": "@example" if who.number % 2 else None,
        "blog": "https://blog.example.org" if who.number == 1 else "",
        "location": who.city if who.number % 3 else None,
        "email": who.email if who.number % 2 else None,
        "hireable": None,
        "bio": "Builds things." if who.number == 2 else None,
        "twitter_username": f"{login}_x" if who.number == 4 else None,
        "public_repos": who.number * 3,
        "followers": who.number * 10,
        "created_at": who.moment(2014),
        "updated_at": who.moment(2026),
    }


SHAPE = Shape(
    name="GitHub",
    application="GitHub",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("login"),
        "email": at("email"),
        "full_name": at("name"),
        "source_created_at": at("created_at"),
        "source_updated_at": at("updated_at"),
        "application_user_id": at("id"),
        "company": at("company"),
        "first_name": at("name"),
        "last_name": at("name"),
    },
    saas_user={"source_id": at("id"), "username": at("login"), "email": at("email"), "full_name": at("name")},
)
