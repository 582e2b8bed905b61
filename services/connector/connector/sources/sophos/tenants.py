"""Which tenants are meant: the credential's own one, or those that were chosen among a partner's or an organization's."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from connector.sources.base import Input
from connector.sources.incidents import sent_in_vain
from connector.sources.sophos.api import Account, Question
from connector.sources.sophos.errors import InputsDisagree, TenantUnusable, WrongKindOfCredential, api_error, malformed
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.models import Tenant, TenantListed, WhoAmI
from connector.sources.wire import Answer
from shared.errors import AppError, Invalid

TENANT_ID = "tenant_id"
DATA_REGION = "data_region"
TENANTS = "tenants"
ALL = "all"
UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
CHOICE = rf"{ALL}|{UUID}(?:\s*,\s*{UUID})*"
"""What the input `tenants` may be."""
LEVELS = {"partner": ("/partner/v1/tenants", "X-Partner-ID"), "organization": ("/organization/v1/tenants", "X-Organization-ID")}
PAGE_SIZE = 100
MOST_PAGES = 1_000


class TenantsMalformed(Invalid):
    """The input that chooses tenants holds something else than their ids or `all`."""

    code = "sophos_tenants_malformed"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A tenant that was chosen and cannot be spoken to, and why."""

    tenant: str
    error: AppError


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tenants that are meant, by id, and those of them that are out of reach. `own`: the credential is the tenant's own."""

    tenants: tuple[InTenant, ...]
    skipped: tuple[Skipped, ...] = ()
    own: bool = True

    def part_of(self, place: InTenant) -> str:
        """Return what a tenant is called as a part of the source; its own credential's has none. Sophos writes ids in either case."""
        return "" if self.own else place.tenant.id.casefold()


async def chosen_tenants(account: Account, *, unchosen: str | None = None) -> Chosen:
    """Return the tenants that the inputs name; `unchosen` stands for `tenants` where they name none.

    Raises `InputsDisagree`, `WrongKindOfCredential`, `Invalid`, and what reading raises.
    """
    try:
        return await _chosen(account, unchosen)
    except AppError:
        sent_in_vain(account.requests)
        raise


async def _chosen(account: Account, unchosen: str | None) -> Chosen:
    who = await account.owner()
    given = {one.key: one for one in account.access.inputs}
    if who.idType.lower() == "tenant":
        tenant = own_tenant(account, who)
        _compare_with_own(given, tenant)
        return Chosen((InTenant(account, tenant),))
    level = LEVELS.get(who.idType.lower())
    if level is None:
        raise WrongKindOfCredential(
            f"the credential belongs to a Sophos {who.idType[:40]!r}, which is neither a tenant nor a partner nor an organization",
            remedy="Create the API credential in Sophos Central Admin, Partner or Enterprise.",
        )
    if unchosen is not None and TENANT_ID not in given:
        given.setdefault(TENANTS, Input(TENANTS, unchosen))
    listing = TenantList(account, *level, who.id)
    ids = wanted(given)
    found, skipped = await listing.all() if ids is None else await listing.some(ids)
    if ids is not None and TENANTS not in given:
        compare(given, {DATA_REGION: found[0].base_url} if found else {})
    return Chosen(tuple(InTenant(account, one) for one in sorted(found, key=lambda one: one.id.casefold())), tuple(skipped), own=False)


def own_tenant(account: Account, who: WhoAmI) -> Tenant:
    """Return the tenant that whoami names. Raises `HostRefused`, `UnexpectedAnswer`."""
    if not who.apiHosts.dataRegion:
        raise malformed("GET /whoami/v1", "names no regional host (apiHosts.dataRegion)")
    return Tenant(who.id, account.central.hosts.regional(who.apiHosts.dataRegion))


def _compare_with_own(given: dict[str, Input], tenant: Tenant) -> None:
    """Raise `InputsDisagree` when something else is chosen than the only tenant that a tenant's own credential reaches."""
    compare(given, {TENANT_ID: tenant.id, DATA_REGION: tenant.base_url})
    if TENANTS in given and wanted(given) not in (None, [tenant.id.casefold()]):
        compare(given, {TENANTS: tenant.id})


def wanted(given: dict[str, Input]) -> list[str] | None:
    """Return the ids of the chosen tenants in lower case, or None for all of them. Raises `Invalid` when nothing usable is chosen."""
    chosen = given.get(TENANTS) or given.get(TENANT_ID)
    if chosen is None:
        raise Invalid(
            "the credential reaches many tenants, and none is chosen",
            code="sophos_tenants_not_chosen",
            remedy="Give the input tenants: all, or the ids of tenants, separated by commas.",
            fields=[{"field": TENANTS, "message": "is not given", "remedy": "Give all, or ids separated by commas."}],
        )
    text = chosen.value.strip()
    if not re.fullmatch(CHOICE, text, re.IGNORECASE) or (chosen.key == TENANT_ID and not re.fullmatch(UUID, text)):
        problem = {"field": chosen.key, "message": f"{chosen.origin} names no tenants: {text[:200]!r}"}
        remedy = (
            f"Set {chosen.origin} to {'ids of tenants, separated by commas, or all' if chosen.key == TENANTS else 'the id of a tenant'}."
        )
        raise TenantsMalformed(problem["message"], remedy=remedy, fields=[{**problem, "remedy": remedy}])
    return None if text.casefold() == ALL else list(dict.fromkeys(one.strip().casefold() for one in text.split(",")))


def compare(given: dict[str, Input], says: dict[str, str]) -> None:
    """Raise `InputsDisagree`, naming each input that says something else than Sophos does."""
    wrong = [
        {
            "field": key,
            "message": f"{given[key].origin} says {given[key].value[:200]!r}, Sophos says {told!r}",
            "remedy": f"Set {given[key].origin} to {told!r}, or use a credential of the other tenant.",
        }
        for key, told in says.items()
        if key in given and not _same(given[key].value, told)
    ]
    if wrong:
        words = "; ".join(problem["message"] for problem in wrong)
        raise InputsDisagree(words, remedy=wrong[0]["remedy"], fields=wrong)


class TenantList:
    """The tenants of one partner or organization, asked of Sophos' global host."""

    def __init__(self, account: Account, path: str, header: str, owner: str) -> None:
        self._account, self._path, self._headers = account, path, {header: owner}

    async def all(self) -> tuple[list[Tenant], list[Skipped]]:
        """Return every tenant, and those that cannot be spoken to."""
        found: dict[str, Tenant] = {}
        skipped: list[Skipped] = []
        total: int | None = None
        for number in range(1, MOST_PAGES + 1):
            params = {"page": str(number), "pageSize": str(PAGE_SIZE)} | ({"pageTotal": "true"} if number == 1 else {})
            answer = await self._ask(self._path, params)
            records = answer.body.get("items")
            if not isinstance(records, list):
                raise malformed(f"GET {self._path}", "is not a list of tenants", answer)
            for record in records:
                self._sort_in(record, found, skipped)
            pages = answer.body.get("pages")
            if number == 1 and isinstance(pages, dict) and isinstance(pages.get("total"), int):
                total = pages["total"]
            if not records or (len(records) < PAGE_SIZE and (total is None or number >= total)):
                return list(found.values()), skipped
        raise malformed(f"GET {self._path}", "goes on without end")

    async def some(self, ids: list[str]) -> tuple[list[Tenant], list[Skipped]]:
        """Return those with these ids, each asked for by itself; one that is not there is skipped."""
        found: dict[str, Tenant] = {}
        skipped: list[Skipped] = []
        for one in ids:
            answer = await self._ask(f"{self._path}/{one}")
            if answer.status == NOT_FOUND:
                skipped.append(Skipped(one, _unusable(one, "is not among those that the credential reaches", "Check its id.")))
            elif str(answer.body.get("id", "")).casefold() != one:
                raise malformed(f"GET {self._path}/{one}", "is about another tenant", answer)
            else:
                self._sort_in(answer.body, found, skipped)
        return list(found.values()), skipped

    async def _ask(self, path: str, params: dict[str, str] | None = None) -> Answer:
        question = Question("GET", f"{self._account.central.hosts.global_url}{path}", f"GET {path}", self._headers, params)
        answer = await self._account.read(question)
        if answer.ok or (answer.status == NOT_FOUND and path != self._path):
            return answer
        raise api_error(answer, question.asked)

    def _sort_in(self, record: Any, found: dict[str, Tenant], skipped: list[Skipped]) -> None:
        try:
            listed = TenantListed.model_validate(record)
        except ValidationError:
            skipped.append(Skipped("", _unusable("without a usable id", "was listed", "Look at the tenants in Sophos Central.")))
            return
        if not listed.apiHost:
            why = _unusable(listed.id, "has no API host", "Sophos has not set it up yet, or it has expired; leave it out, or ask Sophos.")
            skipped.append(Skipped(listed.id, why))
            return
        try:
            base_url = self._account.central.hosts.regional(listed.apiHost)
        except AppError as error:
            skipped.append(Skipped(listed.id, error))
            return
        found[listed.id.casefold()] = Tenant(listed.id, base_url, listed.name)


def _unusable(tenant: str, what: str, remedy: str) -> TenantUnusable:
    return TenantUnusable(f"the tenant {tenant} {what}", remedy=remedy)


def _same(given: str, told: str) -> bool:
    """Ids come in either case; URLs with and without a slash at the end."""
    return given.strip().rstrip("/").casefold() == told.strip().rstrip("/").casefold()
