"""What is typed into a provider's settings must be of the kind that its manifest says."""

import re
from collections.abc import Mapping

from connector.addresses import problem_of_address
from shared.api.sources import InputField, ProviderOut
from shared.errors import Invalid


def check_settings(manifest: ProviderOut, values: Mapping[str, str]) -> None:
    """Raise `Invalid`, naming each value that does not fit the field it is for. Fields that the manifest does not know are left alone."""
    problems = [
        {"field": f"inputs.{field.key}", "message": message, "remedy": remedy}
        for field in manifest.inputs
        if field.key in values and (found := problem_of(field, values[field.key].strip())) is not None
        for message, remedy in [found]
    ]
    if problems:
        words = "; ".join(f"{problem['field']} {problem['message']}" for problem in problems)
        raise Invalid(words, remedy=problems[0]["remedy"], fields=problems)


def problem_of(field: InputField, value: str) -> tuple[str, str] | None:
    """Return what is wrong with a value, and the remedy; None when it fits."""
    match field.data_type:
        case "url":
            return problem_of_address(value)
        case "choice":
            return None if value in field.choices else (f"is {value[:60]!r}", f"Choose one of: {', '.join(field.choices)}.")
        case "choices":
            unknown = [one.strip() for one in value.split(",") if one.strip() not in field.choices]
            return (f"names {unknown[0][:60]!r}", f"Use any of: {', '.join(field.choices)}, separated by commas.") if unknown else None
        case "boolean":
            return None if value in {"true", "false"} else (f"is {value[:60]!r}", "Type true or false.")
        case "integer":
            return _integer_problem(field, value)
        case "text":
            return None if field.pattern is None or re.fullmatch(field.pattern, value, re.IGNORECASE) else _unlike(field, value)


def _unlike(field: InputField, value: str) -> tuple[str, str]:
    return f"is {value[:60]!r}", f"Give it as in this example: {field.example}." if field.example else "Read the field's description."


def _integer_problem(field: InputField, value: str) -> tuple[str, str] | None:
    if not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 18:  # noqa: PLR2004 - what fits 64 bits
        return "is not a whole number", "Type digits only."
    number = int(value)
    if field.minimum is not None and number < field.minimum:
        return f"is below {field.minimum}", f"Type {field.minimum} or more."
    if field.maximum is not None and number > field.maximum:
        return f"is above {field.maximum}", f"Type {field.maximum} or less."
    return None
