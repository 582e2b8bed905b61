"""Personio: GET /v1/company/employees. Each attribute is an object with its label and its value."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _attribute(label: str, value: Any, kind: str = "standard") -> dict[str, Any]:
    return {"label": label, "value": value, "type": kind, "universal_id": label.lower().replace(" ", "_")}


def _employee(who: Somebody) -> dict[str, Any]:
    supervisor = {
        "type": "Employee",
        "attributes": {
            "id": _attribute("ID", 4, "integer"),
            "first_name": _attribute("First name", PEOPLE[3].first),
            "last_name": _attribute("Last name", PEOPLE[3].last),
            "email": _attribute("Email", PEOPLE[3].email),
        },
    }
    return {
        "type": "Employee",
        "attributes": {
            "id": _attribute("ID", 7000 + who.number, "integer"),
            "first_name": _attribute("First name", who.first),
            "last_name": _attribute("Last name", who.last),
            "email": _attribute("Email", who.email),
            "gender": _attribute("Gender", "", "list"),
            "status": _attribute("Status", "active"),
            "position": _attribute("Position", who.title),
            "supervisor": _attribute("Supervisor", supervisor if who.number != 4 else None),
            "employment_type": _attribute("Employment type", "internal"),
            "weekly_working_hours": _attribute("Weekly hours", "40"),
            "hire_date": _attribute("Hire date", f"2019-0{who.number}-15T00:00:00+02:00", "date"),
            "termination_date": _attribute("Termination date", None, "date"),
            "cost_centers": _attribute(
                "Cost center", [{"type": "CostCenter", "attributes": {"id": 1, "name": f"CC {who.number}", "percentage": 100}}]
            ),
            "created_at": _attribute("Created at", who.moment(2021, "+01:00"), "date"),
            "last_modified_at": _attribute("Last modified", who.moment(2026, "+01:00"), "date"),
            "office": _attribute("Office", {"type": "Office", "attributes": {"id": 1, "name": f"{who.city} HQ"}}),
            "department": _attribute("Department", {"type": "Department", "attributes": {"id": 2, "name": who.department}}),
            "team": _attribute("Team", {"type": "Team", "attributes": {"id": 3, "name": "Blue Team"}}),
            "dynamic_42": _attribute("Private phone", who.phone),
        },
    }


SHAPE = Shape(
    name="Personio",
    application="Personio",
    records=[_employee(who) for who in PEOPLE],
    person={
        "username": at("attributes.email.value"),
        "email": at("attributes.email.value"),
        "first_name": at("attributes.first_name.value"),
        "last_name": at("attributes.last_name.value"),
        "source_created_at": at("attributes.created_at.value"),
        "source_updated_at": at("attributes.last_modified_at.value"),
        "application_user_id": at("attributes.id.value"),
        "job_title": at("attributes.position.value"),
        "department": at("attributes.department.value.attributes.name"),
        "office": at("attributes.office.value.attributes.name"),
        "cost_center": at("attributes.cost_centers.value.0.attributes.name"),
        "manager_email": at("attributes.supervisor.value.attributes.email.value"),
        "start_date": at("attributes.hire_date.value"),
        "end_date": at("attributes.termination_date.value"),
    },
    saas_user={
        "source_id": at("attributes.id.value"),
        "username": at("attributes.email.value"),
        "email": at("attributes.email.value"),
    },
)
