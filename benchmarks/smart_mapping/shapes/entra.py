"""Microsoft Entra ID: GET /v1.0/users?$select=...&$expand=manager."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "id": who.guid,
        "displayName": who.full,
        "givenName": who.first,
        "surname": who.last,
        "userPrincipalName": f"{who.login}@example.com",
        "mail": f"{who.first.split()[0]}.{who.last.split()[-1]}@example.com" if who.number != 5 else None,
        "mailNickname": who.login,
        "otherMails": [f"{who.login}@home.example.org"] if who.number % 2 else [],
        "proxyAddresses": [f"SMTP:{who.email}", f"smtp:{who.login}@example.org"],
        "imAddresses": [who.email],
        "jobTitle": who.title,
        "department": who.department,
        "companyName": "Example Corp",
        "employeeId": f"{2000 + who.number}",
        "employeeHireDate": who.moment(2020),
        "employeeLeaveDateTime": None,
        "officeLocation": f"{who.city} HQ",
        "city": who.city,
        "country": who.country,
        "usageLocation": who.country,
        "preferredLanguage": "en-US",
        "mobilePhone": who.phone,
        "businessPhones": [who.phone],
        "accountEnabled": True,
        "userType": "Member",
        "creationType": None,
        "createdDateTime": who.moment(2020),
        "lastPasswordChangeDateTime": who.moment(2025),
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": who.moment(2026),
        "onPremisesSamAccountName": who.login.replace(".", "")[:12],
        "onPremisesDomainName": "corp.example.com",
        "signInActivity": {
            "lastSignInDateTime": who.moment(2026),
            "lastSignInRequestId": who.guid,
            "lastNonInteractiveSignInDateTime": who.moment(2026),
        },
        "manager": {"id": PEOPLE[3].guid, "displayName": PEOPLE[3].full, "mail": PEOPLE[3].email, "userPrincipalName": PEOPLE[3].email},
    }


SHAPE = Shape(
    name="Entra ID",
    application="Microsoft Entra ID",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("userPrincipalName"),
        "email": at("mail"),
        "full_name": at("displayName"),
        "first_name": at("givenName"),
        "last_name": at("surname"),
        "source_created_at": at("createdDateTime"),
        "application_user_id": at("id"),
        "department": at("department"),
        "job_title": at("jobTitle"),
        "phone": at("businessPhones.0", "businessPhones"),
        "mobile_phone": at("mobilePhone"),
        "employee_id": at("employeeId"),
        "manager": at("manager.displayName"),
        "manager_email": at("manager.mail", "manager.userPrincipalName"),
        "company": at("companyName"),
        "office": at("officeLocation"),
        "city": at("city"),
        "country": at("country"),
        "start_date": at("employeeHireDate"),
        "end_date": at("employeeLeaveDateTime"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("userPrincipalName"),
        "email": at("mail"),
        "full_name": at("displayName"),
        "last_activity_at": at("signInActivity.lastSignInDateTime"),
    },
)
