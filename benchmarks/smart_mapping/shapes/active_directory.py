"""Active Directory over LDAP, attributes by name."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _entry(who: Somebody) -> dict[str, Any]:
    return {
        "dn": f"CN={who.full},OU={who.department},DC=corp,DC=example,DC=com",
        "objectClass": ["top", "person", "organizationalPerson", "user"],
        "cn": who.full,
        "sn": who.last,
        "givenName": who.first,
        "initials": who.first[0] + who.last[0],
        "displayName": f"{who.last}, {who.first}",
        "title": who.title,
        "description": "",
        "physicalDeliveryOfficeName": f"{who.city} 2.01",
        "telephoneNumber": who.phone,
        "mobile": who.phone.replace("555", "888"),
        "mail": who.email,
        "otherMailbox": [],
        "proxyAddresses": [f"SMTP:{who.email}"],
        "company": "Example Corp",
        "department": who.department,
        "manager": f"CN={PEOPLE[3].full},OU=Engineering,DC=corp,DC=example,DC=com",
        "l": who.city,
        "c": who.country,
        "co": who.country,
        "employeeID": f"{300 + who.number}",
        "sAMAccountName": who.login[:20],
        "userPrincipalName": f"{who.login}@corp.example.com",
        "objectGUID": who.guid,
        "objectSid": f"S-1-5-21-1-2-3-{1000 + who.number}",
        "whenCreated": who.moment(2018),
        "whenChanged": who.moment(2026),
        "lastLogonTimestamp": str(133_000_000_000_000_000 + who.number),
        "pwdLastSet": str(132_000_000_000_000_000 + who.number),
        "userAccountControl": 512,
        "memberOf": [f"CN={who.department},OU=Groups,DC=corp,DC=example,DC=com"],
    }


SHAPE = Shape(
    name="Active Directory",
    application="Active Directory",
    records=[_entry(who) for who in PEOPLE],
    person={
        "username": at("sAMAccountName", "userPrincipalName"),
        "email": at("mail"),
        "full_name": at("displayName", "cn"),
        "first_name": at("givenName"),
        "last_name": at("sn"),
        "source_created_at": at("whenCreated"),
        "source_updated_at": at("whenChanged"),
        "application_user_id": at("objectGUID", "objectSid"),
        "department": at("department"),
        "job_title": at("title"),
        "phone": at("telephoneNumber"),
        "mobile_phone": at("mobile"),
        "employee_id": at("employeeID"),
        "company": at("company"),
        "office": at("physicalDeliveryOfficeName"),
        "city": at("l"),
        "country": at("co", "c"),
    },
    saas_user={
        "source_id": at("objectGUID", "objectSid"),
        "username": at("sAMAccountName", "userPrincipalName"),
        "email": at("mail"),
        "full_name": at("displayName", "cn"),
    },
)
