"""Any described API: however it is paged, everybody is read once; what does not fit the description is said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connector.sources.base import Access, Input, Observed
from connector.sources.rest.description import Description, LinkRefused, described
from connector.sources.rest.session import RestSession
from connector.sources.wire import Answer
from shared.clock import now
from shared.errors import AppError, Invalid
from shared.events.sources import ProofOfAbsence
from shared.ids import new_id

URL = "https://api.example/v1/users?active=true"


def api(**inputs: str) -> Description:
    """Return what these inputs describe."""
    given_inputs = tuple(Input(key, value) for key, value in {"url": URL, **inputs}.items())
    return described(Access(new_id(), "REST", "basic", {"username": "c"}, {"password": SecretStr("s")}, given_inputs))


def answer(body: Any, *, status: int = 200, link: str | None = None) -> Answer:
    """Return an answer as the wire gives it."""
    is_object = isinstance(body, dict)
    return Answer(status, body if is_object else {}, is_object, now(), None, body if isinstance(body, list) else None, link)


class Directory:
    """An API with some users, paged in one of the usual ways, which keeps what it was asked."""

    def __init__(self, paging: str, count: int, size: int) -> None:
        self.paging, self.size = paging, size
        self.users = [{"id": number, "mail": f"u{number}@example.com"} for number in range(count)]
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, url: str, parameters: dict[str, str]) -> Answer:
        """Answer as the API does."""
        self.asked.append((url, parameters))
        if self.paging == "none":
            return answer(self.users)
        start = self._start(url, parameters)
        users, after = self.users[start : start + self.size], start + self.size
        more = after < len(self.users)
        link = f"https://API.example:443/v1/users?after={after}" if self.paging == "link" and more else None
        return answer({"data": {"users": users}, "meta": {"next": str(after) if more else None}}, link=link)

    def _start(self, url: str, parameters: dict[str, str]) -> int:
        match self.paging:
            case "page":
                return (int(parameters["page"]) - 1) * self.size
            case "offset":
                return int(parameters["offset"])
            case "cursor":
                return int(parameters.get("cursor", 0))
            case _:
                return int(url.partition("after=")[2] or 0)


async def read(session: RestSession) -> list[str]:
    """Return the id of everybody, from the first page to the last."""
    ids, cursor = [], None
    while True:
        page = await session.page(cursor)
        ids += [user.source_id for user in page.users]
        if (cursor := page.next) is None:
            return ids


@given(paging=st.sampled_from(["none", "page", "offset", "cursor", "link"]), count=st.integers(0, 40), size=st.integers(1, 12))
async def test_everybody_is_read_once_however_the_list_is_paged(paging: str, count: int, size: int) -> None:
    """Also when the last page is exactly full, and when there is nobody."""
    directory = Directory(paging, count, size)
    where = {} if paging == "none" else {"records_path": "data.users", "cursor_path": "/meta/next"}
    session = RestSession(api(paging=paging, page_size=str(size), size_parameter="per_page", **where), directory)
    assert await read(session) == [str(number) for number in range(count)]
    assert session.requests == len(directory.asked)
    assert directory.asked[0][1]["per_page"] == str(size)


async def test_a_next_link_to_another_host_is_not_followed() -> None:
    """The credential would go there with it."""

    async def elsewhere(_url: str, _parameters: dict[str, str]) -> Answer:
        return answer([{"id": "1"}], link="https://api.example.evil/v1/users?after=1")

    with pytest.raises(LinkRefused, match=r"api\.example\.evil"):
        await RestSession(api(paging="link"), elsewhere).page(None)


async def test_a_cursor_that_repeats_ends_the_run() -> None:
    """Rather than reading the same page for ever."""

    async def same(_url: str, _parameters: dict[str, str]) -> Answer:
        return answer({"users": [{"id": "1"}], "next": "x"})

    session = RestSession(api(paging="cursor", records_path="users", cursor_path="next"), same)
    second = await session.page(None)
    with pytest.raises(AppError, match="goes on without end"):
        await session.page(second.next)


@pytest.mark.parametrize("paging", ["page", "offset"])
async def test_an_api_that_knows_no_pages_ends_the_run(paging: str) -> None:
    """It answers the same list to whatever page is asked for: a million times, if nobody notices."""

    async def same(_url: str, _parameters: dict[str, str]) -> Answer:
        return answer([{"id": "1"}, {"id": "2"}])

    with pytest.raises(AppError, match="goes on without end") as caught:
        await read(RestSession(api(paging=paging), same))
    assert "page_parameter" in str(caught.value.remedy)


async def test_the_same_user_on_two_pages_is_no_endless_list() -> None:
    """Somebody joined while we read, and pushed everybody on by one."""
    pages = [[{"id": "1"}], [{"id": "1"}], [{"id": "2"}], []]

    async def drifting(_url: str, parameters: dict[str, str]) -> Answer:
        return answer(pages[int(parameters["page"]) - 1])

    assert await read(RestSession(api(paging="page"), drifting)) == ["1", "1", "2"]


@pytest.mark.parametrize("paging", ["page", "link", "cursor"])
async def test_a_later_page_that_is_not_found_does_not_end_the_list(paging: str) -> None:
    """Taken for the last page, it would make a complete listing of half a one, and everybody else absent."""

    async def gone(_url: str, _parameters: dict[str, str]) -> Answer:
        told = {"users": [{"id": "1"}], "next": "x"}
        return answer(told, link="https://api.example/v1/more") if not asked else answer({"users": [], "error": "gone"}, status=404)

    asked: list[str] = []
    session = RestSession(api(paging=paging, records_path="users", cursor_path="next"), gone)
    first = await session.page(None)
    asked.append("once")
    with pytest.raises(AppError) as caught:
        await session.page(first.next)
    assert caught.value.code == "rest_unexpected_answer"


@pytest.mark.parametrize("link", ["/v1/users?after=1", "?after=1", "//api.example/v1/users?after=1"])
async def test_a_next_link_may_be_relative(link: str) -> None:
    """RFC 8288 says so, and APIs behind a proxy prefer it."""
    asked: list[str] = []

    async def relative(url: str, _parameters: dict[str, str]) -> Answer:
        asked.append(url)
        return answer([{"id": str(len(asked))}], link=link if len(asked) == 1 else None)

    assert await read(RestSession(api(paging="link"), relative)) == ["1", "2"]
    assert asked == [URL, "https://api.example/v1/users?after=1"]


async def test_where_there_is_no_list_the_input_is_named() -> None:
    """An object where a list was promised is a mistake of the settings, not an empty directory: nobody must look absent for it."""

    async def object_only(_url: str, _parameters: dict[str, str]) -> Answer:
        return answer({"users": {"1": {}}})

    with pytest.raises(AppError, match="no list at users") as caught:
        await RestSession(api(records_path="users"), object_only).page(None)
    assert caught.value.remedy == "Mend the input records_path."


async def test_a_record_without_an_id_is_an_error_of_the_run() -> None:
    """The others are read all the same."""

    async def mixed(_url: str, _parameters: dict[str, str]) -> Answer:
        return answer([{"id": "1"}, {"id": True}, {"id": ""}, "text", {"id": {"a": 1}}, {"id": 2}])

    page = await RestSession(api(), mixed).page(None)
    assert ([user.source_id for user in page.users], len(page.rejected)) == (["1", "2"], 4)


async def test_one_user_is_asked_for_under_their_own_address() -> None:
    """An id is one step of the path, whatever is in it; a 404 in the API's words is the proof."""
    asked: list[str] = []

    async def one(url: str, _parameters: dict[str, str]) -> Answer:
        asked.append(url)
        return answer({"id": "a/b?c"}) if len(asked) == 1 else answer({"error": "gone"}, status=404)

    session = RestSession(api(user_url="https://api.example/v1/users/{id}"), one)
    found, absent = await session.look_for("a/b?c"), await session.look_for("zoë")
    assert isinstance(found, Observed)
    assert isinstance(absent, ProofOfAbsence)
    assert asked == ["https://api.example/v1/users/a%2Fb%3Fc", "https://api.example/v1/users/zo%C3%AB"]
    assert (absent.asked, absent.status) == ("GET /v1/users/zo%C3%AB", 404)


@pytest.mark.parametrize("body", ["<html>", {"id": "somebody else"}])
async def test_what_is_neither_yes_nor_no_proves_nothing(body: Any) -> None:
    """A proxy's 404 and somebody else's record leave the question open."""

    async def odd(_url: str, _parameters: dict[str, str]) -> Answer:
        return answer(body, status=200 if isinstance(body, dict) else 404)

    with pytest.raises(AppError):
        await RestSession(api(user_url="https://api.example/v1/users/{id}"), odd).look_for("1")


async def test_an_api_that_cannot_be_asked_for_one_says_so() -> None:
    """Nobody is called missing then."""

    async def never(_url: str, _parameters: dict[str, str]) -> Answer:
        raise AssertionError("nothing is to be asked")

    with pytest.raises(Invalid, match="cannot be asked for one user"):
        await RestSession(api(), never).look_for("1")


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"paging": "cursor"}, "inputs.cursor_path"),
        ({"user_url": "https://api.example/v1/users"}, "inputs.user_url"),
        ({"user_url": "https://other.example/v1/users/{id}"}, "inputs.user_url"),
        ({"user_url": "http://api.example/v1/users/{id}"}, "inputs.user_url"),
    ],
)
def test_settings_that_do_not_go_together_are_named(inputs: dict[str, str], field: str) -> None:
    """Before anything is sent."""
    with pytest.raises(Invalid) as caught:
        api(**inputs)
    assert [problem["field"] for problem in caught.value.fields] == [field]
