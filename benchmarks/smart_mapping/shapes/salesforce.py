"""Salesforce: SELECT FIELDS(STANDARD), Manager.Name, Manager.Email, Profile.Name, UserRole.Name FROM User."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _user(who: Somebody) -> dict[str, Any]:
    return {
        "attributes": {"type": "User", "url": f"/services/data/v61.0/sobjects/User/005{who.number:012d}"},
        "Id": f"005{who.hexadecimal[:12].upper()}AAA",
        "Username": f"{who.login}@example.com.prod",
        "Name": who.full,
        "FirstName": who.first,
        "LastName": who.last,
        "Email": who.email,
        "SenderEmail": None,
        "SenderName": None,
        "Alias": who.login[:5],
        "CommunityNickname": who.login.split(".")[0],
        "CompanyName": "Example Corp",
        "Division": "EMEA",
        "Department": who.department,
        "Title": who.title,
        "City": who.city,
        "Country": who.country,
        "Phone": who.phone,
        "MobilePhone": who.phone if who.number % 2 else None,
        "EmployeeNumber": f"{4000 + who.number}",
        "FederationIdentifier": who.email,
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": "Europe/Berlin",
        "LanguageLocaleKey": "en_US",
        "ProfileId": "00eEXAMPLE",
        "ManagerId": "005MANAGER",
        "CreatedDate": who.moment(2018, ".000+0000"),
        "CreatedById": "005CREATOR",
        "LastModifiedDate": who.moment(2025, ".000+0000"),
        "LastModifiedById": "005CREATOR",
        "SystemModstamp": who.moment(2025, ".000+0000"),
        "LastLoginDate": who.moment(2026, ".000+0000"),
        "LastPasswordChangeDate": who.moment(2025, ".000+0000"),
        "Manager": {"attributes": {"type": "User"}, "Name": PEOPLE[3].full, "Email": PEOPLE[3].email},
        "Profile": {"attributes": {"type": "Profile"}, "Name": "Standard User"},
        "UserRole": {"attributes": {"type": "UserRole"}, "Name": f"{who.department} EMEA"},
    }


SHAPE = Shape(
    name="Salesforce",
    application="Salesforce",
    records=[_user(who) for who in PEOPLE],
    person={
        "username": at("Username"),
        "email": at("Email"),
        "full_name": at("Name"),
        "first_name": at("FirstName"),
        "last_name": at("LastName"),
        "source_created_at": at("CreatedDate"),
        "source_updated_at": at("LastModifiedDate", "SystemModstamp"),
        "application_user_id": at("Id"),
        "department": at("Department"),
        "job_title": at("Title"),
        "phone": at("Phone"),
        "mobile_phone": at("MobilePhone"),
        "employee_id": at("EmployeeNumber"),
        "manager": at("Manager.Name"),
        "manager_email": at("Manager.Email"),
        "company": at("CompanyName"),
        "city": at("City"),
        "country": at("Country"),
        "time_zone": at("TimeZoneSidKey"),
    },
    saas_user={
        "source_id": at("Id"),
        "username": at("Username"),
        "email": at("Email"),
        "full_name": at("Name"),
        "roles": at("UserRole.Name", "Profile.Name"),
        "last_activity_at": at("LastLoginDate"),
    },
)
