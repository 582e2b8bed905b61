"""Whether the options of a field go together. Pure."""

from collections.abc import Iterator

from mapper.fields.values import DoesNotFit, fitted_to, is_storable
from shared.api.fields import FieldOut
from shared.errors import Invalid
from shared.rules.fold import fold_text

NEVER_UNIQUE = {"boolean", "text_list"}
OF_TYPE = {"max_length": "text", "dropdown": "text", "whole": "number"}


class BadField(Invalid):
    """The options of a field do not go together; each problem is named."""

    code = "bad_field"


def sound(field: FieldOut) -> FieldOut:
    """Return the field, its default as it is stored. Raises `BadField`, naming each option that does not go with the others."""
    problems = [{"field": place, "message": message} for place, message in _problems(field)]
    if not problems and field.default is not None:
        try:
            return field.model_copy(update={"default": fitted_to(field.default, field)})
        except DoesNotFit as error:
            problems.append({"field": "default", "message": str(error)})
    if problems:
        words = "; ".join(f"{problem['field']} {problem['message']}" for problem in problems)
        raise BadField(f"the field cannot be like this: {words}", remedy="Correct the named options.", fields=problems)
    return field


def _problems(field: FieldOut) -> Iterator[tuple[str, str]]:
    kind = field.data_type
    if field.unique and kind in NEVER_UNIQUE:
        yield "unique", f"cannot be asked of a field of type {kind}"
    if field.unique and field.default is not None:
        yield "default", "would be the same for everybody, and the field is unique"
    asked = {"max_length": field.max_length is not None, "dropdown": field.dropdown is not None, "whole": field.whole}
    for option, needed in OF_TYPE.items():
        if asked[option] and kind != needed:
            yield option, f"is for fields of type {needed}, and this is one of type {kind}"
    yield from _problems_of_options(field)
    texts = (*field.options, field.help or "", field.default if isinstance(field.default, str) else "")
    if not all(map(is_storable, texts)):
        yield "options", "hold characters that cannot be stored, or the help or the default does"


def _problems_of_options(field: FieldOut) -> Iterator[tuple[str, str]]:
    if field.dropdown == "fixed" and not field.options:
        yield "options", "are needed by a fixed dropdown"
    if field.dropdown is None and field.options:
        yield "options", "are for dropdowns"
    if len({fold_text(option) for option in field.options}) < len(field.options):
        yield "options", "hold two that differ in case alone, or not at all"
    if field.max_length is not None and any(len(option) > field.max_length for option in field.options):
        yield "options", f"hold one that is longer than {field.max_length} characters"
