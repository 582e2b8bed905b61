"""The rule language as it is described to whoever writes rules, and the check of one."""

from typing import Any

from pydantic import Field

from shared.api.base import Gap, In, Out
from shared.events.records import RecordType
from shared.rules.model import Operator
from shared.rules.operators import HOLDS_ON_EMPTY, OPERANDS, OPERATORS, TITLES, TYPE_TITLES, FieldType, OperandKind


class OperatorOut(Out):
    """One operator of one type of field."""

    operator: Operator
    title: str
    operand: OperandKind = Field(description="What kind of value it is compared with.")
    compared_with: str = Field(description="The same in words.")
    example: str = Field(description="Values as they are written in JSON; empty where there is none.")
    holds_on_empty: bool = Field(description="Whether the condition holds where the field is empty.")


class TypeOut(Out):
    """What a rule may ask of fields of one type."""

    data_type: FieldType
    title: str
    operators: list[OperatorOut]


class LanguageOut(Out):
    """The whole language: groups are `{"all": [...]}`, `{"any": [...]}` and `{"not": ...}` everywhere."""

    types: list[TypeOut]


class RuleCheckIn(In):
    """A rule that is to be looked at before it is used."""

    object_type: RecordType = "person"
    rule: dict[str, Any]


class RuleCheckOut(Out):
    """What is wrong with a rule; nothing when it can be used. Each `field` is a place in the rule, such as `rule.all.0.value`."""

    problems: list[Gap]


def language() -> LanguageOut:
    """Return the language, as the one table of operators has it."""
    return LanguageOut(
        types=[
            TypeOut(
                data_type=data_type,
                title=TYPE_TITLES[data_type],
                operators=[_operator(operator, kind) for operator, kind in operators.items()],
            )
            for data_type, operators in OPERATORS.items()
        ],
    )


def _operator(operator: Operator, kind: OperandKind) -> OperatorOut:
    return OperatorOut(
        operator=operator,
        title=TITLES[operator],
        operand=kind,
        compared_with=OPERANDS[kind].title,
        example=OPERANDS[kind].example,
        holds_on_empty=operator in HOLDS_ON_EMPTY,
    )
