"""Pages of the directory: where a listing ends, and what counts as a user."""

from typing import Any

import httpx
import pytest

from connector.sources.base import Observed
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.users import look_for, users_of
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence
from tests.unit.connector.test_sophos_errors import TENANT, account, place, sophos

USER = {"id": "b7a1e0c4-2c5d-4f6a-8e9b-0a1b2c3d4e51", "name": "Łucja Żak"}


async def listing(pages: dict[int, Any], asked: list[dict[str, str]] | None = None) -> AcrossTenants:
    """Return a session over these pages; a page past the end is empty."""

    def api(request: httpx.Request) -> httpx.Response:
        params = dict(request.url.params)
        if asked is not None:
            asked.append(params)
        body = pages.get(int(params["page"]), [])
        return httpx.Response(200, json=body if isinstance(body, dict) else {"items": body, "pages": {"current": int(params["page"])}})

    signed_in = account(sophos(api), page_size=2)
    return await users_of(signed_in.central, signed_in.access)


def users(*numbers: int) -> list[dict[str, Any]]:
    """Return users with these ids."""
    return [{"id": f"u{number}"} for number in numbers]


async def read(session: AcrossTenants) -> list[list[str]]:
    """Return the ids of each page, to the end."""
    pages, cursor = [], None
    while True:
        page = await session.page(cursor)
        pages.append([user.source_id for user in page.users])
        if (cursor := page.next) is None:
            return pages


async def test_a_short_page_is_the_last() -> None:
    """And what is asked keeps pages where they are; the total is asked for once."""
    asked: list[dict[str, str]] = []
    assert await read(await listing({1: users(1, 2), 2: users(3)}, asked)) == [["u1", "u2"], ["u3"]]
    assert asked[0] == {"pageSize": "2", "page": "1", "sort": "id:asc", "pageTotal": "true"}
    assert asked[1] == {"pageSize": "2", "page": "2", "sort": "id:asc"}


async def test_a_full_last_page_is_followed_by_an_empty_one() -> None:
    """Only that shows that nobody joined meanwhile."""
    assert await read(await listing({1: users(1, 2), 2: users(3, 4)})) == [["u1", "u2"], ["u3", "u4"], []]


async def test_a_short_page_in_the_middle_does_not_end_the_listing() -> None:
    """When page 1 has announced more pages, a short one is an accident."""
    first = {"items": users(1, 2), "pages": {"current": 1, "size": 2, "total": 3}}
    assert await read(await listing({1: first, 2: users(3), 3: users(4)})) == [["u1", "u2"], ["u3"], ["u4"]]


async def test_a_source_that_cuts_the_page_size_is_believed() -> None:
    """Asked for 2, gives 1 a page and says so."""
    pages = {number: {"items": users(number), "pages": {"current": number, "size": 1}} for number in (1, 2, 3)}
    assert await read(await listing(pages)) == [["u1"], ["u2"], ["u3"], []]


async def test_a_source_that_ignores_the_page_number_is_found_out() -> None:
    """It would be read without end."""
    with pytest.raises(AppError, match="page 1 instead of page 2"):
        await read(await listing({number: {"items": users(1, 2), "pages": {"current": 1}} for number in (1, 2)}))


@pytest.mark.parametrize("body", [{"items": {}}, {"users": []}, {"items": None}])
async def test_an_answer_that_is_no_list_of_users_is_named(body: dict[str, Any]) -> None:
    """An empty directory and a strange answer must not be mistaken for each other."""
    with pytest.raises(AppError) as refused:
        await read(await listing({1: body}))
    assert refused.value.code == "sophos_malformed_answer"


async def test_what_has_no_usable_id_is_rejected_and_kept() -> None:
    """The rest of the page is taken; nothing else of a user is needed."""
    page = await (await listing({1: [{"id": "u1"}, {"name": "x"}, {"id": 7}, "text", {"id": ""}]})).page(None)
    assert [user.source_id for user in page.users] == ["u1"]
    assert [one.record for one in page.rejected] == [{"name": "x"}, {"id": 7}, {"value": "text"}, {"id": ""}]
    assert page.fetched == 5


async def test_pages_that_say_nonsense_about_themselves_are_read_all_the_same() -> None:
    """Only the records matter."""
    nonsense = {"items": users(1), "pages": {"size": "many", "total": [], "current": None}}
    assert await read(await listing({1: nonsense})) == [["u1"]]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(404, text="<html>not found</html>"), "sophos_foreign_404"),
        (httpx.Response(404, json={"detail": "no such route"}), "sophos_foreign_404"),
        (httpx.Response(200, json={"id": "somebody-else"}), "sophos_malformed_answer"),
        (httpx.Response(403, json={"error": "forbidden"}), "sophos_access_refused"),
    ],
)
async def test_only_sophos_own_404_proves_absence(answer: httpx.Response, code: str) -> None:
    """A proxy's page, a wrong route or a refusal must not cost anybody their account."""
    with pytest.raises(AppError) as refused:
        await look_for(await place(sophos(lambda _: answer)), USER["id"])
    assert refused.value.code == code


async def test_one_user_is_there_or_proven_absent() -> None:
    """The proof names the question and Sophos' own id of the answer."""
    there = await look_for(await place(sophos(lambda _: httpx.Response(200, json=USER))), USER["id"])
    no_such_user = httpx.Response(404, json={"error": "notFound", "correlationId": "c"})
    gone = await look_for(await place(sophos(lambda _: no_such_user)), USER["id"])
    assert there == Observed(USER["id"], {**USER, "tenant": {"id": TENANT}})
    assert isinstance(gone, ProofOfAbsence)
    assert (gone.asked, gone.source_correlation_id) == (f"GET /common/v1/directory/users/{USER['id']}", "c")


@pytest.mark.parametrize("source_id", ["", ".", "..", "../users", "a/b", "a?b", "a%2fb", "ü", "a" * 201, "a\n"])
async def test_an_id_never_becomes_another_path(source_id: str) -> None:
    """Ids come from other systems; they leave as one path segment or not at all."""

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with pytest.raises(AppError) as refused:
        await look_for(await place(sophos(never)), source_id)
    assert refused.value.code == "not_a_source_id"
