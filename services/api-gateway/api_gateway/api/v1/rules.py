"""Rules: what they may ask of fields, and the check of one before it is used."""

from fastapi import APIRouter

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.rules import LanguageOut, RuleCheckIn, RuleCheckOut, language

router: APIRouter = subject("/rules", "rules")


@router.get("/operators")
async def operators(account: InAccount) -> LanguageOut:
    """Return the operators of every type of field, each with what it is compared with and what it says of an empty field."""
    del account
    return language()


@router.post("/check")
async def check(given: RuleCheckIn, parts: InParts, account: InAccount) -> RuleCheckOut:
    """Say what is wrong with a rule about records of a type, place by place. Nothing is stored."""
    return await parts.mapper.check_rule(given, actor=account.name)
