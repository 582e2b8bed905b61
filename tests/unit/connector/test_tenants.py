"""The credentials of partners and organizations: which tenants are read, in which order, and what may be said of who is not there."""

from typing import Any

import httpx
import pytest

from connector.sources.base import Cursor, Input, Note, Observed, SourcePage
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.users import users_of
from shared.errors import AppError, Invalid
from shared.events.sources import ProofOfAbsence
from tests.unit.connector.test_sophos_errors import account

OWNER = "99999999-9999-4999-8999-999999999999"
A, B, C = (f"{letter * 8}-{letter * 4}-4{letter * 3}-8{letter * 3}-{letter * 12}" for letter in "abc")
HOST = "https://api-eu01.central.sophos.com"
ALL = Input("tenants", "all", "Sophos.Tenants")
Json = dict[str, Any]


class Partner:
    """A partner or an organization with tenants; each has users, or the status that all its calls answer."""

    def __init__(self, *, kind: str = "partner", **tenants: list[str] | int | None) -> None:
        self.kind = kind
        self.tenants = {{"a": A, "b": B, "c": C}[key]: users for key, users in tenants.items()}
        self.hosts: dict[str, str | None] = {}
        self.expired = 0
        self.sign_ins = 0
        self.asked: list[str] = []
        self.told: int | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as Sophos does."""
        path = request.url.path
        if path.endswith("/token"):
            self.sign_ins += 1
            return httpx.Response(200, json={"access_token": "a-token-of-the-tests", "expires_in": 3600})
        if self.expired:
            self.expired -= 1
            return httpx.Response(401, json={"error": "Unauthorized", "correlationId": "c"})
        if path == "/whoami/v1":
            return httpx.Response(200, json={"id": OWNER, "idType": self.kind, "apiHosts": {"global": "https://api.central.sophos.com"}})
        if path.startswith(f"/{self.kind}/v1/tenants"):
            assert request.headers[f"X-{self.kind.capitalize()}-ID"] == OWNER
            return self._list(request)
        return self._user(request)

    def _list(self, request: httpx.Request) -> httpx.Response:
        one = request.url.path.partition("/tenants")[2].strip("/")
        if one:
            return httpx.Response(200, json=self._shown(one)) if one in self.tenants else _not_found()
        rows = [self._shown(tenant) for tenant in sorted(self.tenants, reverse=True)]
        return httpx.Response(200, json={"items": rows, "pages": {"current": 1, "size": 100, "total": 1}})

    def _shown(self, tenant: str) -> Json:
        host = self.hosts.get(tenant, HOST)
        return {"id": tenant, "name": f"Tenant {tenant[0]}", **({"apiHost": host} if host else {})}

    def _user(self, request: httpx.Request) -> httpx.Response:
        tenant = request.headers["X-Tenant-ID"]
        self.asked.append(f"{tenant[0]} {request.url.path.removeprefix('/common/v1/directory/users')}")
        users = self.tenants[tenant]
        if not isinstance(users, list):
            return httpx.Response(users or 403, json={"error": "forbidden", "correlationId": "c"})
        wanted = request.url.path.removeprefix("/common/v1/directory/users").strip("/")
        if wanted:
            return httpx.Response(200, json={"id": wanted}) if wanted in users else _not_found()
        number, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
        rows = [{"id": user} for user in users[(number - 1) * size : number * size]]
        pages = {"current": number, "size": size, "total": -(-len(users) // size), "items": self.told or len(users)}
        return httpx.Response(200, json={"items": rows, "pages": pages})


async def opened(partner: Partner, *inputs: Input, **changes: Any) -> AcrossTenants:
    """Return the users that a credential of the partner reaches."""
    signed_in = account(partner, *(inputs or (ALL,)), page_size=2, **changes)
    return await users_of(signed_in.central, signed_in.access)


async def read(session: AcrossTenants, cursor: Cursor | None = None) -> tuple[list[str], list[Note], SourcePage]:
    """Return the users from a cursor on as `tenant user`, every note, and the last page."""
    users: list[str] = []
    notes: list[Note] = []
    while True:
        page = await session.page(cursor)
        users += [f"{user.record['tenant']['id'][0]} {user.source_id}" for user in page.users]
        notes += page.notes
        if (cursor := page.next) is None:
            return users, notes, page


@pytest.mark.parametrize("kind", ["partner", "organization"])
async def test_all_tenants_are_read_one_after_the_other(kind: str) -> None:
    """In the order of their ids, whatever order Sophos lists them in, and each record says its tenant."""
    users, notes, last = await read(await opened(Partner(kind=kind, b=["u4"], a=["u1", "u2", "u3"], c=[])))

    assert users == ["a u1", "a u2", "a u3", "b u4"]
    assert (notes, last.complete) == ([], True)


async def test_chosen_tenants_are_asked_for_by_id() -> None:
    """Nobody reads a list of thousands for two; a tenant that is not theirs is skipped and named."""
    partner = Partner(a=["u1"], c=["u3"])
    users, notes, last = await read(await opened(partner, Input("tenants", f"{C}, {A.upper()},{B}")))

    assert users == ["a u1", "c u3"]
    assert [(note.code, note.about, note.is_error) for note in notes] == [("sophos_tenant_skipped", B, True)]
    assert not last.complete, "a tenant that was chosen could not be listed"


@pytest.mark.parametrize("why", ["forbidden", "without a host", "foreign host"])
async def test_a_tenant_out_of_reach_is_skipped_and_named(why: str) -> None:
    """The rest is read; but the listing is not whole, so it may not speak of absence."""
    partner = Partner(a=["u1"], b=403 if why == "forbidden" else ["u2"], c=["u3"])
    if why != "forbidden":
        partner.hosts = {B: None if why == "without a host" else "https://evil.example"}
    users, notes, last = await read(await opened(partner))

    assert users == ["a u1", "c u3"]
    assert [note.code for note in notes] == ["sophos_tenant_skipped"]
    assert B in notes[0].about
    assert notes[0].remedy
    assert not last.complete


async def test_nothing_to_read_at_all_is_an_error() -> None:
    """An empty success would look like an empty directory."""
    with pytest.raises(AppError) as refused:
        await read(await opened(Partner(a=403, b=403)))
    assert refused.value.code == "sophos_no_tenant_readable"


async def test_a_listing_goes_on_in_the_tenant_and_on_the_page_where_it_was_cut() -> None:
    """The cursor says both; a tenant that was lost meanwhile is named, and the rest is read."""
    partner = Partner(a=["u1"], b=["u2", "u3", "u4"], c=["u5"])
    first = await (await opened(partner)).page(None)
    second = await (await opened(partner)).page(first.next)
    users, _, last = await read(await opened(partner), second.next)
    assert (users, last.complete) == (["b u4", "c u5"], True)

    del partner.tenants[B]
    users, notes, last = await read(await opened(partner), second.next)
    assert (users, last.complete) == (["c u5"], False)
    assert B in notes[0].message

    del partner.tenants[C]
    *_, last = await read(await opened(partner), second.next)
    assert not last.complete


async def test_a_tenant_that_vanishes_between_two_pages_makes_the_listing_incomplete() -> None:
    """Its users were not shown, and nobody can be asked for them."""
    partner = Partner(a=["u1"], b=["u2"], c=["u3"])
    first = await (await opened(partner)).page(None)
    del partner.tenants[C]
    *_, last = await read(await opened(partner), first.next)
    assert not last.complete


async def test_somebody_is_absent_when_every_tenant_says_so_itself() -> None:
    """One tenant's 404 says nothing about another's users."""
    session = await opened(Partner(a=["u1"], b=["u2"], c=[]))
    there, gone = await session.look_for("u2"), await session.look_for("u9")
    assert isinstance(there, Observed)
    assert there.record["tenant"] == {"id": B, "name": "Tenant b"}
    assert isinstance(gone, ProofOfAbsence)
    assert gone.status == 404
    assert all(tenant in gone.asked for tenant in (A, B, C))


@pytest.mark.parametrize("how", ["forbidden", "without a host"])
async def test_a_tenant_that_cannot_be_asked_proves_nothing(how: str) -> None:
    """Its users must not become missing because the others do not have them; who is found elsewhere is found."""
    partner = Partner(a=403 if how == "forbidden" else ["u1"], b=["u2"])
    partner.hosts = {A: None} if how == "without a host" else {}
    session = await opened(partner)

    assert isinstance(await session.look_for("u2"), Observed)
    with pytest.raises(AppError):
        await session.look_for("u1")


async def test_a_tenant_input_chooses_one_tenant() -> None:
    """So that a workflow can name the tenant of the record it acts on; its region is compared as with a tenant's own credential."""
    partner = Partner(a=["u1"], b=["u2"])
    assert (await read(await opened(partner, Input("tenant_id", B))))[0] == ["b u2"]
    with pytest.raises(Invalid) as refused:
        await opened(partner, Input("tenant_id", B), Input("data_region", "https://api-us01.central.sophos.com"))
    assert refused.value.code == "sophos_inputs_disagree"


@pytest.mark.parametrize("value", ["none", "a,b", f"{A};{B}", f"{A},", "all, all", "../x"])
async def test_a_choice_that_names_no_tenants_is_refused(value: str) -> None:
    """Nothing of it ever becomes part of an address."""
    partner = Partner(a=["u1"])
    with pytest.raises(Invalid) as refused:
        await opened(partner, Input("tenants", value, "Sophos.Tenants"))
    assert refused.value.code == "sophos_tenants_malformed"
    assert "'Sophos.Tenants'" in str(refused.value)


async def test_no_choice_is_not_all() -> None:
    """Whoever forgets to choose does not mean every customer."""
    with pytest.raises(Invalid) as refused:
        await opened(Partner(a=["u1"]), Input("include", "groups"))
    assert refused.value.code == "sophos_tenants_not_chosen"


async def test_a_partners_token_is_renewed_once_when_it_is_refused() -> None:
    """As a tenant's own is, wherever in the listing that happens."""
    partner = Partner(a=["u1"], b=["u2"])
    session = await opened(partner)
    first = await session.page(None)
    partner.expired = 1
    users, _, last = await read(session, first.next)
    assert (users, last.complete, partner.sign_ins) == (["b u2"], True, 2)


async def test_fewer_users_than_announced_is_said() -> None:
    """The listing ends all the same: whoever was not shown is asked for by id before anything is said of them."""
    partner = Partner(a=["u1", "u2", "u3"])
    partner.told = 7
    users, notes, last = await read(await opened(partner))
    assert len(users) == 3
    assert [(note.code, note.is_error) for note in notes] == [("sophos_fewer_than_told", False)]
    assert "7" in notes[0].message
    assert last.complete


def _not_found() -> httpx.Response:
    return httpx.Response(404, json={"error": "notFound", "correlationId": "c"})
