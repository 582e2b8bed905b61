"""Google Workspace: GET /admin/directory/v1/users."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "kind": "admin#directory#user",
        "id": f"1{who.number * 98765432109876543 % 10**20:020d}",
        "etag": f'"{who.hexadecimal}"',
        "primaryEmail": who.email,
        "name": {"givenName": who.first, "familyName": who.last, "fullName": who.full},
        "isAdmin": False,
        "isDelegatedAdmin": False,
        "lastLoginTime": who.moment(2026, ".000Z"),
        "creationTime": who.moment(2019, ".000Z"),
        "agreedToTerms": True,
        "suspended": who.number == 6,
        "archived": False,
        "changePasswordAtNextLogin": False,
        "ipWhitelisted": False,
        "emails": [{"address": who.email, "primary": True}, {"address": f"{who.login}@alias.example.com"}],
        "recoveryEmail": f"{who.first.split()[0].lower()}.private@example.org",
        "recoveryPhone": who.phone.replace(" ", ""),
        "phones": [{"value": who.phone, "type": "work"}],
        "organizations": [
            {
                "title": who.title,
                "primary": True,
                "department": who.department,
                "costCenter": f"CC{who.number}0",
                "description": "Full time",
            }
        ],
        "relations": [{"value": PEOPLE[3].email, "type": "manager"}],
        "externalIds": [{"value": f"{3000 + who.number}", "type": "organization"}],
        "languages": [{"languageCode": "en", "preference": "preferred"}],
        "customerId": "C0example",
        "orgUnitPath": f"/{who.department}",
        "isMailboxSetup": True,
        "isEnrolledIn2Sv": True,
        "includeInGlobalAddressList": True,
        "thumbnailPhotoEtag": f'"{who.hexadecimal[:9]}"',
    }


SHAPE = Shape(
    name="Google Workspace",
    application="Google Workspace",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("primaryEmail", "emails.0.address"),
        "email": at("primaryEmail", "emails.0.address"),
        "full_name": at("name.fullName"),
        "first_name": at("name.givenName"),
        "last_name": at("name.familyName"),
        "source_created_at": at("creationTime"),
        "application_user_id": at("id"),
        "department": at("organizations.0.department"),
        "job_title": at("organizations.0.title"),
        "cost_center": at("organizations.0.costCenter"),
        "phone": at("phones.0.value"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("primaryEmail", "emails.0.address"),
        "email": at("primaryEmail", "emails.0.address"),
        "full_name": at("name.fullName"),
        "last_activity_at": at("lastLoginTime"),
    },
)
