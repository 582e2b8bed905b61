"""The page about settings, written from the settings themselves."""

from collections.abc import Iterable
from typing import Any, get_args

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

BOUNDS = {Ge: "≥ {0.ge}", Gt: "> {0.gt}", Le: "≤ {0.le}", Lt: "< {0.lt}", MinLen: "≥ {0.min_length} long", MaxLen: "≤ {0.max_length} long"}
HEAD = """# Settings

Written from the code by `rollcall docs`; do not edit.

Every setting is an environment variable. A variable that begins with `ROLLCALL_` and is not listed here is refused at
start. `rollcall config` shows what a process was told.
"""


def render_settings(classes: Iterable[type[BaseSettings]]) -> str:
    """Return a page with one table for each class: variable, default, bounds, meaning. Secrets have no values."""
    return "\n".join([HEAD, *(_section(kind) for kind in classes)])


def _section(kind: type[BaseSettings]) -> str:
    prefix = str(kind.model_config.get("env_prefix", ""))
    rows = [
        f"| `{f'{prefix}{name}'.upper()}` | {_default(info)} | {_bounds(info)} | {_cell(info.description or '')} |"
        for name, info in kind.model_fields.items()
    ]
    summary = (kind.__doc__ or "").strip().split("\n")[0]
    head = ["| Variable | Default | Bounds | Meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## {kind.__name__}", "", summary, "", *head, *rows, ""])


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.default
    if value is None or value is PydanticUndefined:
        return "unset"
    return "set, not shown" if _secret(info) else f"`{_cell(str(value))}`"


def _bounds(info: FieldInfo) -> str:
    if choices := _choices(info.annotation):
        return _cell(", ".join(f"`{choice}`" for choice in choices))
    said = [BOUNDS[type(limit)].format(limit) for limit in info.metadata if type(limit) in BOUNDS]
    said += [f"matches `{limit.pattern}`" for limit in info.metadata if getattr(limit, "pattern", None)]
    return _cell(", ".join([*(["secret"] if _secret(info) else []), *said]) or _kind(info.annotation))


def _choices(annotation: Any) -> list[str]:
    return [str(value) for value in get_args(annotation) if isinstance(value, str)]


def _secret(info: FieldInfo) -> bool:
    return info.annotation is SecretStr or SecretStr in get_args(info.annotation)


def _kind(annotation: Any) -> str:
    words = {"bool": "true or false", "int": "a whole number", "float": "a number", "Path": "a path"}
    return words.get(getattr(annotation, "__name__", ""), "text")


def _cell(text: str) -> str:
    """Return text that does not end its table cell."""
    return " ".join(text.replace("|", r"\|").split())
