"""JumpCloud: GET /api/systemusers."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "_id": who.hexadecimal[:24],
        "id": who.hexadecimal[:24],
        "account_locked": False,
        "activated": True,
        "addresses": [{"type": "work", "locality": who.city, "country": who.country, "postalCode": "10115"}],
        "alternateEmail": f"{who.login}@alt.example.org" if who.number % 2 else None,
        "company": "Example Corp",
        "costCenter": f"{100 + who.number}",
        "created": who.moment(2021, ".000Z"),
        "department": who.department,
        "description": "",
        "displayname": who.full,
        "email": who.email,
        "employeeIdentifier": f"JC{who.number}",
        "employeeType": "Full time",
        "external_dn": "",
        "external_source_type": "gapps" if who.number % 2 else "",
        "firstname": who.first,
        "jobTitle": who.title,
        "lastname": who.last,
        "location": who.city,
        "managedAppleId": "",
        "manager": PEOPLE[3].hexadecimal[:24],
        "middlename": "",
        "mfa": {"configured": True, "exclusion": False},
        "organization": "5f0example0organization0",
        "password_never_expires": False,
        "password_expiration_date": who.moment(2027, ".000Z"),
        "phoneNumbers": [{"type": "work", "number": who.phone}],
        "recoveryEmail": {"address": f"{who.login}@recovery.example.org", "verified": True},
        "ssh_keys": [],
        "state": "ACTIVATED",
        "sudo": False,
        "suspended": False,
        "systemUsername": who.login,
        "unix_guid": 5000 + who.number,
        "unix_uid": 5000 + who.number,
        "username": who.login,
    }


SHAPE = Shape(
    name="JumpCloud",
    application="JumpCloud",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("username"),
        "email": at("email"),
        "full_name": at("displayname"),
        "first_name": at("firstname"),
        "last_name": at("lastname"),
        "source_created_at": at("created"),
        "source_type": at("external_source_type"),
        "application_user_id": at("id", "_id"),
        "department": at("department"),
        "job_title": at("jobTitle"),
        "phone": at("phoneNumbers.0.number"),
        "employee_id": at("employeeIdentifier"),
        "company": at("company"),
        "cost_center": at("costCenter"),
        "office": at("location"),
        "city": at("addresses.0.locality"),
        "country": at("addresses.0.country"),
    },
    saas_user={"source_id": at("id", "_id"), "username": at("username"), "email": at("email"), "full_name": at("displayname")},
)
