"""BambooHR: a report of employees, fields by their API names."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _employee(who: Somebody) -> dict[str, Any]:
    return {
        "id": str(who.number),
        "employeeNumber": f"{900 + who.number}",
        "displayName": who.full,
        "firstName": who.first,
        "lastName": who.last,
        "preferredName": who.first[:3] if who.number == 4 else None,
        "jobTitle": who.title,
        "workPhone": who.phone,
        "workPhoneExtension": None,
        "mobilePhone": who.phone.replace("555", "777"),
        "homePhone": None,
        "workEmail": who.email,
        "homeEmail": f"{who.first.split()[0].lower()}@home.example.org",
        "bestEmail": who.email,
        "department": who.department,
        "division": "EMEA",
        "location": f"{who.city} Office",
        "supervisor": f"{PEOPLE[3].last}, {PEOPLE[3].first}",
        "supervisorId": "4",
        "supervisorEmail": PEOPLE[3].email,
        "hireDate": f"2019-0{who.number}-15",
        "terminationDate": "0000-00-00",
        "dateOfBirth": f"1985-0{who.number}-01",
        "gender": "",
        "city": who.city,
        "country": who.country,
        "status": "Active",
        "lastChanged": who.moment(2025, "+00:00"),
        "photoUploaded": False,
    }


SHAPE = Shape(
    name="BambooHR",
    application="BambooHR",
    records=[_employee(who) for who in PEOPLE],
    person={
        "username": at("workEmail", "bestEmail"),
        "email": at("workEmail", "bestEmail"),
        "full_name": at("displayName"),
        "first_name": at("firstName"),
        "last_name": at("lastName"),
        "source_updated_at": at("lastChanged"),
        "application_user_id": at("id"),
        "department": at("department"),
        "job_title": at("jobTitle"),
        "phone": at("workPhone"),
        "mobile_phone": at("mobilePhone"),
        "employee_id": at("employeeNumber"),
        "manager": at("supervisor"),
        "manager_email": at("supervisorEmail"),
        "office": at("location"),
        "city": at("city"),
        "country": at("country"),
        "start_date": at("hireDate"),
        "end_date": at("terminationDate"),
    },
    saas_user={
        "source_id": at("id"),
        "username": at("workEmail", "bestEmail"),
        "email": at("workEmail", "bestEmail"),
        "full_name": at("displayName"),
    },
)
