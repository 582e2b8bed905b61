"""What stands in an address, beside its route: values that can be passed on, and no parameter that the call does not have."""

import difflib
from collections.abc import Collection, Iterable, Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from api_gateway.api.v1.bodies import NUL, nul_refused
from shared.errors import Invalid


def query_names(dependant: Dependant) -> Iterator[str]:
    """Give the names of the query parameters of a route, and of all that it depends on."""
    for param in dependant.query_params:
        kind = param.field_info.annotation
        # A model stands for the parameters that are its fields.
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield param.alias
    for inner in dependant.dependencies:
        yield from query_names(inner)


def require_sound(request: Request, known: Collection[str]) -> None:
    """Raise `Invalid`, which names each, for a value with a NUL, and for a parameter that is none of `known`."""
    for name, value in (*request.path_params.items(), *request.query_params.multi_items()):
        if NUL in value:
            raise nul_refused(name)
    _require_known(request.query_params, known)


def _require_known(asked: Iterable[str], known: Collection[str]) -> None:
    """Left out of account, `filtr` would answer with everybody."""
    if unknown := sorted(set(asked).difference(known)):
        remedy = f"Use {', '.join(sorted(known))}." if known else "Leave it out: this call has no parameters."
        problems = [{"field": name, "message": _no_parameter(name, known), "remedy": remedy} for name in unknown]
        raise Invalid("the query has parameters that this call does not", code="malformed", remedy=remedy, fields=problems)


def _no_parameter(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name[:100], known, n=1)
    return "is no parameter of this call" + (f"; did you mean {near[0]}?" if near else "")
