"""Inputs: values typed in, or taken from a global variable at the moment they are used."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.names import name_key
from connector.sources.base import Input
from connector.storable import checked
from connector.tables import INTEGRATION_INPUTS, VARIABLES
from shared.api.base import Gap
from shared.api.sources import ProviderOut
from shared.api.variables import InputRef
from shared.errors import Invalid


async def resolve(session: AsyncSession, refs: Mapping[str, InputRef]) -> tuple[Input, ...]:
    """Return the values that `refs` stand for. Raises `Invalid`, naming each variable that does not exist."""
    named = await variables_named(session, [ref.variable for ref in refs.values() if ref.variable])
    check_refs(refs, named)
    return tuple(_resolved(key, ref, named) for key, ref in sorted(refs.items()))


async def usual_inputs(session: AsyncSession, manifest: ProviderOut) -> tuple[Input, ...]:
    """Return the provider's inputs from the variables that usually hold them, as far as those exist."""
    usual = {field.key: name_key(field.variable) for field in manifest.inputs if field.variable is not None}
    named = await variables_named(session, usual.values())
    return tuple(Input(key, named[variable].value, named[variable].name) for key, variable in usual.items() if variable in named)


async def inputs_of(session: AsyncSession, integration_id: UUID) -> tuple[Input, ...]:
    """Return an integration's inputs with their values of this moment."""
    return (await inputs_of_many(session, [integration_id]))[integration_id]


async def inputs_of_many(session: AsyncSession, integration_ids: Collection[UUID]) -> dict[UUID, tuple[Input, ...]]:
    """Return the inputs of each integration with their values of this moment."""
    statement = (
        select(
            INTEGRATION_INPUTS.c.integration_id,
            INTEGRATION_INPUTS.c.key,
            INTEGRATION_INPUTS.c.value,
            VARIABLES.c.name,
            VARIABLES.c.value.label("current"),
        )
        .outerjoin(VARIABLES, VARIABLES.c.id == INTEGRATION_INPUTS.c.variable_id)
        .where(INTEGRATION_INPUTS.c.integration_id.in_(integration_ids))
        .order_by(INTEGRATION_INPUTS.c.key)
    )
    found: dict[UUID, tuple[Input, ...]] = dict.fromkeys(integration_ids, ())
    for row in await session.execute(statement):
        found[row.integration_id] += (Input(row.key, row.value if row.name is None else row.current, row.name),)
    return found


async def variables_named(session: AsyncSession, names: Iterable[str]) -> dict[str, Row[Any]]:
    """Return the variables with these names, by name key."""
    keys = {name_key(name) for name in names}
    rows = await session.execute(select(VARIABLES).where(VARIABLES.c.name_key.in_(keys)))
    return {row.name_key: row for row in rows}


def check_refs(refs: Mapping[str, InputRef], named: Mapping[str, Any], known: frozenset[str] | None = None) -> None:
    """Raise `Invalid`, naming each reference that is not usable: unknown, empty, double, or to a variable that is not there."""
    problems = [{"field": f"inputs.{key}", **problem} for key, ref in refs.items() if (problem := _problem(key, ref, named, known))]
    if problems:
        words = "; ".join(f"{problem['field']} {problem['message']}" for problem in problems)
        raise Invalid(words, remedy=problems[0]["remedy"], fields=problems)


def input_gaps(manifest: ProviderOut, present: Iterable[str]) -> list[Gap]:
    """Return a gap for each input of the provider that has no value."""
    there = set(present)
    return [
        Gap(
            field=f"inputs.{field.key}",
            message=f"{field.label} has no value",
            remedy=f"Refer to the global variable {field.variable!r}, or type the value in." if field.variable else "Type the value in.",
        )
        for field in manifest.inputs
        if field.required and field.default is None and field.key not in there and field.required_unless not in there
    ]


def _problem(key: str, ref: InputRef, named: Mapping[str, Any], known: frozenset[str] | None) -> dict[str, str] | None:
    if known is not None and key not in known:
        return {"message": "is not an input of this provider", "remedy": f"Use one of: {', '.join(sorted(known))}."}
    if (ref.variable is None) == (ref.value is None):
        return {"message": "needs either a variable or a value", "remedy": "Give one of the two."}
    if ref.variable is not None and name_key(ref.variable) not in named:
        return {"message": f"refers to {ref.variable[:200]!r}, which does not exist", "remedy": "Create the global variable first."}
    if ref.value is not None and not checked(f"inputs.{key}", ref.value).strip():
        return {"message": "is empty", "remedy": "Type the value in, or refer to a global variable."}
    return None


def _resolved(key: str, ref: InputRef, named: Mapping[str, Any]) -> Input:
    if ref.variable is None:
        return Input(key, (ref.value or "").strip())
    row = named[name_key(ref.variable)]
    return Input(key, row.value, row.name)
