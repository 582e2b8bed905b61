"""What a return makes of a SaaS user: it lives again, and whether it is to be deleted is an open question again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mapper.fields.values import moment

OF_ABSENCE = ("missing_since", "deleted_in_source_at")


def returned(fields: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the values of one who is seen again.

    Who was deleted on request is flagged no more, nor is the flag refused: it is empty until somebody answers anew. Were it
    left as it was, no workflow would start when it is set once more; were it acted on, a return would be undone unseen.
    """
    values: dict[str, Any] = {**dict.fromkeys(OF_ABSENCE), "returned_at": moment(at.isoformat())}
    if fields.get("deleted_in_source_at") and fields.get("to_be_deleted"):
        values["to_be_deleted"] = None
    return values
