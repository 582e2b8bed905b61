"""Roles of SaaS users: a set for each of them, of roles that each instance has once, with a label and the id that the SaaS gives them."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import LONGEST_TEXT, is_storable, one_of_each, unique_key
from mapper.records.many import among, put
from mapper.tables import SAAS_ROLES, SAAS_USERS
from shared.api.saas_users import SaasRole, SaasRoleOut
from shared.rules.fold import fold_text

Given = Mapping[UUID, Mapping[str, str]]
"""By instance and label: the external id."""
RoleIds = Mapping[tuple[UUID, str], str | None]
"""By instance and comparable label: the external id, where there is one."""


def ids_among(labels: Iterable[str], instance_id: UUID, known: RoleIds) -> list[str]:
    """Return the external ids of roles, as a set is kept."""
    found = (known.get((instance_id, fold_text(label))) for label in labels)
    return one_of_each([one for one in found if one is not None])


async def know_roles(session: AsyncSession, given: Given) -> None:
    """Note the external ids of roles; one that has another label now is renamed."""
    rows = {
        (instance_id, external_id): {
            "saas_instance_id": instance_id,
            "key": f"id {unique_key(external_id)}",
            "external_id": external_id,
            "label": label,
            "label_key": fold_text(label),
        }
        for instance_id, ids in given.items()
        for label, external_id in ids.items()
        if _fits(label) and _fits(external_id)
    }
    if not rows:
        return
    await put(session, SAAS_ROLES, [rows[key] for key in sorted(rows)], replacing=("label", "label_key"))
    # What was known by its label alone is the same role.
    labels = sorted({str(row["label_key"]) for row in rows.values()})
    nameless = and_(SAAS_ROLES.c.external_id.is_(None), SAAS_ROLES.c.saas_instance_id.in_(sorted(given)))
    await session.execute(delete(SAAS_ROLES).where(nameless, among(session, SAAS_ROLES.c.label_key, "labels")), {"labels": labels})


async def role_ids_of(session: AsyncSession, wanted: Mapping[UUID, Iterable[str]]) -> dict[tuple[UUID, str], str | None]:
    """Return the external ids of roles, by instance and comparable label; a role that nobody had before is known from now on."""
    labels = {(instance_id, fold_text(label)): label for instance_id, some in wanted.items() for label in some if _fits(label)}
    if not labels:
        return {}
    known = await _known(session, wanted.keys(), {key for _, key in labels})
    new = [
        {"saas_instance_id": instance_id, "key": f"label {unique_key(label)}", "external_id": None, "label": label, "label_key": key}
        for (instance_id, key), label in sorted(labels.items())
        if (instance_id, key) not in known
    ]
    await put(session, SAAS_ROLES, new, replacing=("label",))
    return {one: known.get(one) for one in labels}


def _fits(text: str) -> bool:
    """Return whether a label, or an id, can be kept: what cannot is refused where it is written, too."""
    return 0 < len(text) <= LONGEST_TEXT and is_storable(text)


async def _known(session: AsyncSession, instances: Iterable[UUID], keys: Iterable[str]) -> dict[tuple[UUID, str], str | None]:
    table = SAAS_ROLES.c
    theirs = (table.saas_instance_id.in_(sorted(instances)), among(session, table.label_key, "keys"))
    columns = (table.saas_instance_id, table.label_key, table.external_id)
    # Two roles of one label: the one whose id comes last is meant, whoever asks.
    rows = await session.execute(select(*columns).where(*theirs).order_by(table.external_id.asc().nulls_first()), {"keys": sorted(keys)})
    return {(row.saas_instance_id, row.label_key): row.external_id for row in rows}


async def roles_shown(session: AsyncSession, instance_id: UUID, labels: Sequence[str]) -> list[SaasRole]:
    """Return somebody's roles, each with its id where the SaaS gives one."""
    known = await _known(session, [instance_id], [fold_text(label) for label in labels]) if labels else {}
    return [SaasRole(external_id=known.get((instance_id, fold_text(label))), label=label) for label in labels]


async def list_roles(session: AsyncSession, instance_id: UUID) -> list[SaasRoleOut]:
    """Return the roles of an instance by label, each with how many of its users have it."""
    roles = SAAS_USERS.c.fields["roles"]
    if session.get_bind().dialect.name == "postgresql":
        each = func.jsonb_array_elements_text(roles).table_valued("value").render_derived()
        is_list = func.jsonb_typeof(roles) == "array"
    else:
        each = func.json_each(SAAS_USERS.c.fields, "$.roles").table_valued("value")
        is_list = func.json_type(SAAS_USERS.c.fields, "$.roles") == "array"
    counted = (
        select(each.c.value, func.count().label("users"))
        .select_from(SAAS_USERS.join(each, onclause=is_list))
        .where(SAAS_USERS.c.saas_instance_id == instance_id)
        .group_by(each.c.value)
    )
    users_of: dict[str, int] = {}
    for row in await session.execute(counted):
        users_of[fold_text(row.value)] = users_of.get(fold_text(row.value), 0) + row.users
    rows = await session.execute(
        select(SAAS_ROLES).where(SAAS_ROLES.c.saas_instance_id == instance_id).order_by(SAAS_ROLES.c.label_key, SAAS_ROLES.c.key)
    )
    return [SaasRoleOut(external_id=row.external_id, label=row.label, users=users_of.get(row.label_key, 0)) for row in rows]
