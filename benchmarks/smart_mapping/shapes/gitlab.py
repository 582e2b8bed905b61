"""GitLab: GET /api/v4/users, as an administrator sees it."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "id": 40 + who.number,
        "username": who.login,
        "name": who.full,
        "state": "active",
        "locked": False,
        "avatar_url": f"https://gitlab.example.com/uploads/{who.number}.png",
        "web_url": f"https://gitlab.example.com/{who.login}",
        "created_at": who.moment(2020, ".123Z"),
        "bio": "",
        "location": None,
        "linkedin": "",
        "twitter": "",
        "website_url": "",
        "organization": "",
        "job_title": who.title if who.number % 2 else "",
        "pronouns": None,
        "work_information": None,
        "public_email": "",
        "last_sign_in_at": who.moment(2026, ".123Z"),
        "confirmed_at": who.moment(2020, ".123Z"),
        "last_activity_on": f"2026-0{who.number}-11",
        "email": who.email,
        "commit_email": who.email,
        "theme_id": 1,
        "color_scheme_id": 1,
        "projects_limit": 100000,
        "current_sign_in_at": who.moment(2026, ".123Z"),
        "identities": [{"provider": "saml", "extern_uid": who.email, "saml_provider_id": None}],
        "can_create_group": True,
        "two_factor_enabled": True,
        "external": False,
        "private_profile": False,
        "current_sign_in_ip": f"192.0.2.{who.number}",
        "last_sign_in_ip": f"192.0.2.{who.number}",
        "namespace_id": 70 + who.number,
        "created_by": {"id": 1, "username": "root", "name": "Administrator", "state": "active"},
        "note": None,
        "is_admin": False,
    }


SHAPE = Shape(
    name="GitLab",
    application="GitLab",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("username"),
        "email": at("email", "commit_email"),
        "full_name": at("name"),
        "first_name": at("name"),
        "last_name": at("name"),
        "source_created_at": at("created_at"),
        "application_user_id": at("id"),
        "job_title": at("job_title"),
        "company": at("organization"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("username"),
        "email": at("email", "commit_email"),
        "full_name": at("name"),
        "last_activity_at": at("last_sign_in_at", "last_activity_on"),
    },
)
