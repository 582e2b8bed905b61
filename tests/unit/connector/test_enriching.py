"""Users with their groups and their roles as administrators: what is read, how it is joined, what is said where it may not be."""

from typing import Any

import httpx
import pytest

from connector.sources.base import Input, Note, Observed
from connector.sources.sophos.enriching import enriched_users_of
from shared.errors import AppError, Invalid
from tests.unit.connector.test_sophos_errors import account, sophos

Json = dict[str, Any]
ANN, BOB, EVE = ({"id": f"{letter * 8}-0000-4000-8000-000000000000"} for letter in "abe")
ROLES = {"items": [{"id": "R-1", "name": "Super Admin"}, {"id": "R-2", "name": "Help Desk"}]}
ADMINS = [
    {"id": "1", "users": [{"id": ANN["id"].upper()}, {"id": BOB["id"]}], "roleAssignments": [{"roleId": "r-1"}]},
    {"id": "2", "users": [{"id": ANN["id"]}], "roleAssignments": [{"roleId": "R-2"}, {"roleId": "R-9"}, {}]},
    {"id": "3", "users": None},
    "nonsense",
]


class Directory:
    """Three users, administrators and roles; `refuses` names the paths that answer 403."""

    def __init__(self, users: list[Json], *, refuses: str = "", admins: list[Any] | None = None) -> None:
        self.users, self.refuses, self.admins = users, refuses, ADMINS if admins is None else admins
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as Sophos does."""
        path = request.url.path.removeprefix("/common/v1")
        self.asked.append(path)
        if self.refuses and path.startswith(self.refuses):
            return httpx.Response(403, json={"error": "forbidden", "correlationId": "c"})
        if path == "/directory/users":
            number = int(request.url.params["page"])
            return httpx.Response(200, json={"items": self.users[(number - 1) * 2 : number * 2], "pages": {"current": number}})
        if path.endswith("/groups"):
            return httpx.Response(200, json={"items": [{"id": "g1", "name": "Sales"}, {"id": "g2", "displayName": "Board", "name": "b"}]})
        if path == "/roles":
            return httpx.Response(200, json=ROLES)
        if path == "/admins":
            number = int(request.url.params["page"])
            return httpx.Response(200, json={"items": self.admins[(number - 1) * 100 : number * 100], "pages": {"current": number}})
        return httpx.Response(200, json=next(user for user in self.users if path.endswith(user["id"])))


async def read(directory: Directory, include: str) -> tuple[dict[str, Json], list[Note]]:
    """Return every record by id, and what was said beside them."""
    signed_in = account(sophos(directory), Input("include", include), page_size=2)
    session = await enriched_users_of(signed_in.central, signed_in.access)
    found: dict[str, Json] = {}
    notes: list[Note] = []
    cursor = None
    while True:
        page = await session.page(cursor)
        found |= {user.source_id: user.record for user in page.users}
        notes += page.notes
        if (cursor := page.next) is None:
            return found, notes


async def test_roles_are_joined_by_the_directory_user_of_an_administrator() -> None:
    """One reading of administrators and roles serves the whole run, whatever the case of the ids."""
    directory = Directory([ANN, BOB, EVE])
    found, notes = await read(directory, "admin_roles")
    named = {"names": ["Help Desk", "Super Admin", "r-9"], "text": "Help Desk, Super Admin, r-9"}
    assert found[ANN["id"]]["adminRoles"] == {**named, "ids": ["r-2", "r-1", "r-9"]}
    assert found[BOB["id"]]["adminRoles"]["names"] == ["Super Admin"]
    assert found[EVE["id"]]["adminRoles"] == {"names": [], "text": "", "ids": []}
    assert [path for path in directory.asked if path != "/directory/users"] == ["/roles", "/admins"]
    assert notes == []


@pytest.mark.parametrize("refuses", ["/roles", "/admins"])
async def test_a_credential_that_may_not_read_administrators_lists_users_all_the_same(refuses: str) -> None:
    """Quietly, but said once; nobody is called somebody without a role."""
    found, notes = await read(Directory([ANN, BOB, EVE], refuses=refuses), "admin_roles")
    assert set(found) == {ANN["id"], BOB["id"], EVE["id"]}
    assert all("adminRoles" not in record for record in found.values())
    assert [(note.code, note.is_error) for note in notes] == [("sophos_roles_not_readable", False)]


async def test_administrators_are_read_to_the_end_and_no_further() -> None:
    """A source that never ends must not be read without end."""
    many = [{"id": str(number), "users": [ANN], "roleAssignments": [{"roleId": "R-1"}]} for number in range(150)]
    directory = Directory([ANN], admins=many)
    await read(directory, "admin_roles")
    assert directory.asked.count("/admins") == 2

    endless = Directory([ANN], admins=many[:100] * 101)
    with pytest.raises(AppError, match="without end"):
        await read(endless, "admin_roles")


async def test_groups_are_completed_only_where_the_list_cuts_them() -> None:
    """The list shows some and says how many there are."""
    whole = {**ANN, "groups": {"total": 1, "itemsCount": 1, "items": [{"id": "g1", "name": "sales", "displayName": "Sales"}]}}
    cut = {**BOB, "groups": {"total": 2, "itemsCount": 1, "items": [{"id": "g1", "name": "Sales"}]}}
    directory = Directory([whole, cut, EVE])
    found, _ = await read(directory, "groups")
    assert found[ANN["id"]]["groupNames"] == {"names": ["Sales"], "text": "Sales"}
    assert found[BOB["id"]]["groupNames"]["names"] == ["Board", "Sales"]
    assert found[EVE["id"]]["groupNames"]["names"] == []
    assert sum(path.endswith("/groups") for path in directory.asked) == 1


async def test_groups_of_very_many_users_are_cut_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run may not become a request for each user."""
    monkeypatch.setattr("connector.sources.sophos.enriching.MOST_GROUP_READS", 2)
    cut = [{"id": f"u{number}", "groups": {"total": 9, "items": [{"name": "Sales"}]}} for number in range(4)]
    directory = Directory(cut)
    found, notes = await read(directory, "groups, admin_roles")
    assert sum(path.endswith("/groups") for path in directory.asked) == 2
    assert found["u3"]["groupNames"]["names"] == ["Sales"]
    assert {note.code for note in notes} == {"sophos_groups_cut"}


async def test_who_is_asked_for_by_id_says_as_much_as_in_a_listing() -> None:
    """Somebody who was missed by the listing must not lose what it would have said."""
    signed_in = account(sophos(Directory([ANN])), Input("include", "admin_roles"))
    seen = await (await enriched_users_of(signed_in.central, signed_in.access)).look_for(ANN["id"])
    assert isinstance(seen, Observed)
    assert "Super Admin" in seen.record["adminRoles"]["names"]


async def test_nothing_is_read_that_nobody_asked_for() -> None:
    """And a wish that nobody knows is named."""
    directory = Directory([ANN, BOB, EVE])
    signed_in = account(sophos(directory))
    await (await enriched_users_of(signed_in.central, signed_in.access)).page(None)
    assert set(directory.asked) == {"/directory/users"}
    with pytest.raises(Invalid, match="'shoe_size'"):
        await read(directory, "groups,shoe_size")
