"""Routes of rules."""

from fastapi import APIRouter

from mapper.fields.fields import fields_of, types_of
from mapper.records.listing import OUTSIDE
from mapper.scope import InReading
from shared.api.base import Gap
from shared.api.rules import RuleCheckIn, RuleCheckOut
from shared.rules.checking import problems_of
from shared.rules.reading import BadRule, read_rule

router = APIRouter(prefix="/rules", tags=["rules"])


@router.post("/check")
async def check(given: RuleCheckIn, session: InReading) -> RuleCheckOut:
    """Return what is wrong with a rule about records of a type."""
    try:
        rule = read_rule(given.rule, place="rule")
    except BadRule as error:
        return RuleCheckOut(problems=[Gap.model_validate(problem) for problem in error.fields])
    known = await fields_of(session, given.object_type)
    return RuleCheckOut(problems=problems_of(rule, types_of(known), place="rule", closed=OUTSIDE))
