"""What has to be done to a path's values before they fit a target. Pure."""

from collections import Counter

from mapper.smart_mapping.candidates import Candidate
from mapper.smart_mapping.concepts import Concept
from mapper.smart_mapping.shapes import is_moment, moment_format, share
from shared.api.records import DataType
from shared.api.suggestions import SuggestedTransformation

_TOLD = {
    "unix": "they are seconds since 1970",
    "unix_ms": "they are milliseconds since 1970",
    "%d.%m.%Y": "they are written day.month.year",
    "": "nothing says whether the day or the month comes first",
}


def transformations(one: Candidate, data_type: DataType, concept: Concept | None) -> list[SuggestedTransformation] | None:
    """Return what should be done to the values, in order; None when nothing would make them fit."""
    match data_type:
        case "datetime":
            return _to_moment(one)
        case "number":
            return [] if one.kind == "number" else None
        case "text_list":
            return _to_list(one)
        case _:
            return _to_text(one, concept)


def _to_moment(one: Candidate) -> list[SuggestedTransformation] | None:
    if not one.present:
        return [] if one.declared == "datetime" or one.values else None
    formats = Counter(form for value in one.present if (form := moment_format(value)) is not None)
    if formats:
        form, _ = formats.most_common(1)[0]
        arguments = {"formats": [form]} if form else {}
        return [
            SuggestedTransformation(
                name="parse_date", arguments=arguments, needed=True, reason=f"its dates must be read first: {_TOLD[form]}"
            )
        ]
    return [] if any(is_moment(value) for value in one.present) else None


def _to_list(one: Candidate) -> list[SuggestedTransformation] | None:
    if one.kind == "list":
        return []
    if one.kind == "text":
        return [
            SuggestedTransformation(name="split", arguments={"separator": ","}, needed=True, reason="it is one text, and a list is wanted")
        ]
    return None


def _to_text(one: Candidate, concept: Concept | None) -> list[SuggestedTransformation] | None:
    if one.kind == "datetime" or (concept is not None and concept.shape == "roles"):
        return None
    if one.kind == "list":
        return [
            SuggestedTransformation(name="join", arguments={"separator": ", "}, needed=True, reason="it is a list, and one text is wanted")
        ]
    found = []
    texts = [value for value in one.present if isinstance(value, str)]
    if concept is not None and concept.shape != "moment" and any(value != value.strip() for value in texts):
        found.append(SuggestedTransformation(name="trim", needed=False, reason="some values have blanks around them"))
    if concept is not None and concept.shape == "email" and share("email", texts) and any(value != value.lower() for value in texts):
        found.append(SuggestedTransformation(name="lower", needed=False, reason="some addresses have capitals, which mean nothing there"))
    return found
