"""What a test of a Sophos credential looks at, one thing after the other."""

from dataclasses import dataclass

from connector.sources.sophos.api import Account
from connector.sources.sophos.errors import AccessRefused, WrongKindOfCredential, api_error
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.models import WhoAmI
from connector.sources.sophos.tenants import ALL, DATA_REGION, TENANT_ID, TENANTS, Chosen, chosen_tenants, own_tenant
from shared.api.credentials import CredentialTestOut, TestCheck
from shared.errors import AppError, Invalid, UpstreamRefused

MOST_TRIED = 5
"""Tenants of a partner that are tried before its credential counts as one that may list nothing."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the provider lists: the check's name, its good news, and the smallest question that shows it."""

    check: str
    works: str
    path: str
    params: dict[str, str]


async def tested(account: Account, listed: Listed) -> CredentialTestOut:
    """Return what works with the credential; the first thing that does not ends the test."""
    out = CredentialTestOut(ok=False, checks=[])
    try:
        await account.sign_in()
    except AppError as error:
        return _ended(out, "sign_in", error)
    out.checks.append(TestCheck(name="sign_in", ok=True, message="Sophos accepts the credential"))
    try:
        out.checks.append(_whose(account, await account.whoami(), out))
    except AppError as error:
        return _ended(out, "whoami", error)
    return await _with_owner(account, listed, out)


def _whose(account: Account, who: WhoAmI, out: CredentialTestOut) -> TestCheck:
    out.id_type = who.idType
    where = ""
    if who.idType.lower() == "tenant":
        out.tenant_id = who.id
        out.data_region = own_tenant(account, who).base_url
        where = f" at {out.data_region}"
    return TestCheck(name="whoami", ok=True, message=f"it belongs to the {who.idType.lower()[:40]} {who.id}{where}")


async def _with_owner(account: Account, listed: Listed, out: CredentialTestOut) -> CredentialTestOut:
    try:
        chosen = await chosen_tenants(account, unchosen=ALL)
    except WrongKindOfCredential as error:
        return _ended(out, "whoami", error)
    except Invalid as error:
        return _ended(out, "inputs", error)
    except AppError as error:
        return _ended(out, "tenants", error)
    named = sorted(given.variable or given.key for given in account.access.inputs if given.key in (TENANT_ID, DATA_REGION, TENANTS))
    if named:
        out.checks.append(TestCheck(name="inputs", ok=True, message=f"{', '.join(named)} agree with what Sophos says"))
    if not chosen.own:
        out.checks.append(_reached(chosen))
    return await _listing(chosen, listed, out)


def _reached(chosen: Chosen) -> TestCheck:
    if not chosen.skipped:
        return TestCheck(name="tenants", ok=True, message=f"it reaches {len(chosen.tenants)} chosen tenants")
    first = chosen.skipped[0].error
    message = f"it reaches {len(chosen.tenants)} chosen tenants; {len(chosen.skipped)} will be skipped: {first.message}"
    return TestCheck(name="tenants", ok=bool(chosen.tenants), message=message, remedy=first.remedy)


async def _listing(chosen: Chosen, listed: Listed, out: CredentialTestOut) -> CredentialTestOut:
    refused: AppError | None = None
    for place in chosen.tenants[:MOST_TRIED]:
        try:
            await _lists(place, listed)
        except AccessRefused as error:
            refused = refused or error
        except AppError as error:
            out.may.read = "no" if isinstance(error, UpstreamRefused) else "unknown"
            return _ended(out, listed.check, error)
        else:
            where = "" if chosen.own else f" in the tenant {place.tenant}"
            out.checks.append(TestCheck(name=listed.check, ok=True, message=f"{listed.works}{where}"))
            # Sophos tells a credential's role to nobody but an administrator in its console, and trying would delete somebody.
            out.may.read = "yes"
            out.may.remark = "Whether it may change anything shows in Sophos Central, under API Credentials Management, as its role."
            out.ok = True
            return out
    if refused is not None:
        out.may.read = "no"
        return _ended(out, listed.check, refused)
    return out


async def _lists(place: InTenant, listed: Listed) -> None:
    answer = await place.get(listed.path, listed.params)
    if answer.status == NOT_FOUND:
        raise api_error(answer, f"GET {listed.path}")


def _ended(out: CredentialTestOut, name: str, error: AppError) -> CredentialTestOut:
    out.checks.append(TestCheck(name=name, ok=False, message=error.message, remedy=error.remedy))
    return out
