"""What a test of a Sophos credential looks at, one thing after the other."""

from connector.sources.sophos.api import NOT_FOUND, Account, Tenant
from connector.sources.sophos.errors import api_error
from connector.sources.sophos.models import WhoAmI
from connector.sources.sophos.users import USERS
from shared.api.credentials import CredentialTestOut, TestCheck
from shared.errors import AppError, UpstreamRefused


async def tested(account: Account) -> CredentialTestOut:
    """Return what works with the credential; the first thing that does not ends the test."""
    out = CredentialTestOut(ok=False, checks=[])
    try:
        await account.sign_in()
    except AppError as error:
        return _ended(out, "sign_in", error)
    out.checks.append(TestCheck(name="sign_in", ok=True, message="Sophos accepts the credential"))
    try:
        who = await account.whoami()
        _note(out, who)
        tenant = account.tenant_of(who)
    except AppError as error:
        return _ended(out, "whoami", error)
    out.data_region = tenant.base_url
    out.checks.append(TestCheck(name="whoami", ok=True, message=f"it belongs to the tenant {tenant.id} at {tenant.base_url}"))
    return await _with_tenant(account, tenant, out)


async def _with_tenant(account: Account, tenant: Tenant, out: CredentialTestOut) -> CredentialTestOut:
    try:
        account.compare_inputs(tenant)
    except AppError as error:
        return _ended(out, "inputs", error)
    if account.access.inputs:
        named = ", ".join(sorted(given.variable or given.key for given in account.access.inputs))
        out.checks.append(TestCheck(name="inputs", ok=True, message=f"{named} agree with what Sophos says"))
    try:
        answer = await account.get(USERS, {"pageSize": "1", "page": "1", "sort": "id:asc"})
        if answer.status == NOT_FOUND:
            raise api_error(answer, f"GET {USERS}")
    except AppError as error:
        out.may.read = "no" if isinstance(error, UpstreamRefused) else "unknown"
        return _ended(out, "list_users", error)
    out.checks.append(TestCheck(name="list_users", ok=True, message="it may list users"))
    # Sophos tells a credential's role to nobody but an administrator in its console, and trying would delete somebody.
    out.may.read, out.may.remark = "yes", "Whether it may delete shows in Sophos Central, under API Credentials Management, as its role."
    out.ok = True
    return out


def _note(out: CredentialTestOut, who: WhoAmI) -> None:
    out.id_type = who.idType
    out.tenant_id = who.id if who.idType.lower() == "tenant" else None


def _ended(out: CredentialTestOut, name: str, error: AppError) -> CredentialTestOut:
    out.checks.append(TestCheck(name=name, ok=False, message=error.message, remedy=error.remedy))
    return out
