"""Which records an integration writes at all, and why one was held back."""

from datetime import datetime
from typing import Any

from pydantic import Field

from shared.api.base import In, Out
from shared.api.fields import DataType
from shared.api.sync_keys import FieldKey
from shared.rules.model import Operator, Rule


class FilterField(In):
    """A value of the raw record that a filter looks at, whether or not it is mapped to anything."""

    path: list[str] = Field(min_length=1, max_length=16)
    data_type: DataType = "text"


class FilterIn(In):
    """Which records are written at all. The rule looks at mapped fields, as they would be written, and at fields of the source."""

    rule: Rule
    source_fields: dict[FieldKey, FilterField] = Field(
        default_factory=dict, max_length=50, description="Fields of the source by the name under which the rule knows them."
    )


class FilterReason(Out):
    """A condition by which a record failed an integration's filter: one that did not hold, or within a `not` one that did."""

    path: str = Field(description="Where it stands in the rule, such as `rule.all.0`.")
    field: str
    operator: Operator
    value: Any = Field(description="What the field was compared with.")
    found: Any = Field(description="What the field had at that time; long texts and lists are cut off.")


class FilteredOut(Out):
    """A record that an integration's filter held back during a run."""

    page: int
    source_id: str
    mapping_version: int = Field(description="The version of the mapping, and so of the filter, that held it back.")
    fetched_at: datetime
    reasons: list[FilterReason] = Field(description="The conditions that it failed; none where the filter can be met by nobody.")
