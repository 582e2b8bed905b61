"""The first start: an admin account with one token, made exactly once, however many replicas start at once."""

from pydantic import SecretStr

from api_gateway.auth.accounts import insert_account
from api_gateway.auth.shapes import AccountIn, TokenIn
from api_gateway.auth.stored_tokens import add_token
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

ADMIN = "admin"


async def bootstrap(units: Units) -> SecretStr | None:
    """Return the first admin's token if this call made it, else None.

    Accounts are never removed, and the name is unique in the database: of two replicas only one can insert it, and
    the other waits until that transaction has ended.
    """
    async with units.begin(actor="system") as unit:
        account = await insert_account(unit.session, AccountIn(name=ADMIN, kind="person", role="admin"))
        if account is None:
            return None
        made = await add_token(unit.session, account.id, TokenIn(name="first start"), created_by="system")
    log.info("first_admin_created", account=ADMIN, token_id=str(made.id))
    return SecretStr(made.token)
