"""A German HR system's export: flat, labels for keys, dates as people write them."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _row(who: Somebody) -> dict[str, Any]:
    return {
        "Personalnummer": f"00{700 + who.number}",
        "Vorname": who.first,
        "Nachname": who.last,
        "E-Mail-Adresse": who.email,
        "Private E-Mail": f"{who.first.split()[0].lower()}@home.example.org",
        "Anmeldename": who.login,
        "Abteilung": who.department,
        "Stellenbezeichnung": who.title,
        "Vorgesetzter": PEOPLE[3].full,
        "E-Mail des Vorgesetzten": PEOPLE[3].email,
        "Kostenstelle": f"{8000 + who.number}",
        "Standort": who.city,
        "Land": who.country,
        "Telefonnummer": who.phone,
        "Handynummer": who.phone if who.number % 2 else "",
        "Eintrittsdatum": f"{who.number * 3 % 28 + 1:02d}.0{who.number}.2019",
        "Austrittsdatum": "",
        "Geändert am": who.moment(2025),
        "Geburtsdatum": f"{who.number * 4 % 28 + 1:02d}.0{who.number}.1985",
        "IBAN": "",
        "Aktiv": "yes",
    }


SHAPE = Shape(
    name="German HR export",
    application="Personalsystem",
    records=[_row(who) for who in PEOPLE],
    person={
        "username": at("Anmeldename"),
        "email": at("E-Mail-Adresse"),
        "first_name": at("Vorname"),
        "last_name": at("Nachname"),
        "source_updated_at": at("Geändert am"),
        "department": at("Abteilung"),
        "job_title": at("Stellenbezeichnung"),
        "phone": at("Telefonnummer"),
        "mobile_phone": at("Handynummer"),
        "employee_id": at("Personalnummer"),
        "manager": at("Vorgesetzter"),
        "manager_email": at("E-Mail des Vorgesetzten"),
        "cost_center": at("Kostenstelle"),
        "office": at("Standort"),
        "country": at("Land"),
        "start_date": at("Eintrittsdatum"),
        "end_date": at("Austrittsdatum"),
    },
    saas_user={"username": at("Anmeldename"), "email": at("E-Mail-Adresse")},
)
