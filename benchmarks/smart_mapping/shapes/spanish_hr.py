"""A Spanish HR system's export, nested by subject."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _row(who: Somebody) -> dict[str, Any]:
    return {
        "id_empleado": f"{1200 + who.number}",
        "datos_personales": {
            "nombre": who.first,
            "apellidos": who.last,
            "fecha_nacimiento": f"1985-0{who.number}-01",
            "correo_personal": f"{who.first.split()[0].lower()}@casa.example.org",
            "teléfono_móvil": who.phone,
        },
        "correo_electrónico": who.email,
        "nombre_usuario": who.login,
        "departamento": who.department,
        "puesto": who.title,
        "jefe": {"nombre": PEOPLE[3].full, "correo_electrónico": PEOPLE[3].email},
        "empresa": "Ejemplo SL",
        "ciudad": who.city,
        "país": who.country,
        "fecha_de_alta": f"2019-0{who.number}-15",
        "fecha_de_baja": None,
        "contraseña": "",
        "activo": True,
        "actualizado_el": who.moment(2025),
    }


SHAPE = Shape(
    name="Spanish HR export",
    application="Recursos Humanos",
    records=[_row(who) for who in PEOPLE],
    person={
        "username": at("nombre_usuario"),
        "email": at("correo_electrónico"),
        "first_name": at("datos_personales.nombre"),
        "last_name": at("datos_personales.apellidos"),
        "source_updated_at": at("actualizado_el"),
        "employee_id": at("id_empleado"),
        "department": at("departamento"),
        "job_title": at("puesto"),
        "manager": at("jefe.nombre"),
        "manager_email": at("jefe.correo_electrónico"),
        "mobile_phone": at("datos_personales.teléfono_móvil"),
        "company": at("empresa"),
        "city": at("ciudad"),
        "country": at("país"),
        "start_date": at("fecha_de_alta"),
        "end_date": at("fecha_de_baja"),
    },
    saas_user={"username": at("nombre_usuario"), "email": at("correo_electrónico")},
)
