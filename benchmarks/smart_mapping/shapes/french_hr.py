"""A French HR system's export: flat, labels for keys."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _row(who: Somebody) -> dict[str, Any]:
    return {
        "Matricule": f"M{400 + who.number}",
        "Civilité": "",
        "Nom": who.last,
        "Prénom": who.first,
        "Nom complet": who.full,
        "Adresse e-mail": who.email,
        "E-mail personnel": f"{who.first.split()[0].lower()}@perso.example.org",
        "Identifiant": who.login,
        "Service": who.department,
        "Intitulé du poste": who.title,
        "Responsable": PEOPLE[3].full,
        "Téléphone": who.phone,
        "Téléphone portable": who.phone.replace("555", "666"),
        "Entreprise": "Exemple SA",
        "Ville": who.city,
        "Pays": who.country,
        "Date d'embauche": f"1{who.number}/03/2019",
        "Date de sortie": "",
        "Mot de passe initial": f"Bienvenue-{who.number}",
        "Modifié le": who.moment(2025),
    }


SHAPE = Shape(
    name="French HR export",
    application="Logiciel RH",
    records=[_row(who) for who in PEOPLE],
    person={
        "username": at("Identifiant"),
        "email": at("Adresse e-mail"),
        "full_name": at("Nom complet"),
        "first_name": at("Prénom"),
        "last_name": at("Nom"),
        "source_updated_at": at("Modifié le"),
        "employee_id": at("Matricule"),
        "department": at("Service"),
        "job_title": at("Intitulé du poste"),
        "manager": at("Responsable"),
        "phone": at("Téléphone"),
        "mobile_phone": at("Téléphone portable"),
        "company": at("Entreprise"),
        "city": at("Ville"),
        "country": at("Pays"),
        "start_date": at("Date d'embauche"),
        "end_date": at("Date de sortie"),
    },
    saas_user={"username": at("Identifiant"), "email": at("Adresse e-mail"), "full_name": at("Nom complet")},
)
