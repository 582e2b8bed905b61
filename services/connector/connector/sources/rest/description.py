"""What an integration's settings say about an API, read and checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import quote, urlsplit

from connector.addresses import problem_of_address
from connector.sources.base import Access
from connector.sources.rest.paths import steps_of
from shared.errors import Invalid, UpstreamRefused

Paging = Literal["none", "page", "offset", "cursor", "link"]
PAGINGS: tuple[Paging, ...] = get_args(Paging)
USUAL_PARAMETER = {"page": "page", "offset": "offset", "cursor": "cursor"}
ID = "{id}"
REQUESTS_PER_MINUTE = 60
"""Where nothing else is said: less than most APIs of directories allow, and 6,000 users a minute at the usual size of a page."""


class SettingsDisagree(Invalid):
    """The settings that describe an API lack one, or do not go together."""

    code = "source_settings_disagree"


class LinkRefused(UpstreamRefused):
    """The API's next link leads to another host, where the credential must not go."""

    code, title = "source_link_refused", "The source links to a foreign host"


@dataclass(frozen=True, slots=True)
class Description:
    """An API: where its list is, how it is paged, and where its records and their ids are."""

    url: str
    paging: Paging
    parameter: str
    first_page: int
    size_parameter: str | None
    page_size: int
    records: tuple[str, ...]
    id: tuple[str, ...]
    cursor: tuple[str, ...]
    user_url: str | None
    requests_per_minute: int = REQUESTS_PER_MINUTE

    @property
    def scope(self) -> str:
        """What its limit is counted for: limits of APIs are seldom an integration's own, and nobody says whose they are."""
        return f"rest:{_origin(self.url)}"[:200]

    def url_of(self, source_id: str) -> str | None:
        """Return where one user is asked for; None when the API has no such address."""
        return None if self.user_url is None else self.user_url.replace(ID, quote(source_id, safe=""))

    def own(self, link: str) -> str:
        """Return a link that the API gave. Raises `LinkRefused` when it leads elsewhere."""
        if _origin(link) != _origin(self.url):
            raise LinkRefused(
                f"the next link leads to {_origin(link)[:200]!r} instead of {_origin(self.url)!r}",
                remedy="Give the URL under which the API names itself in its links; nothing was sent to the other host.",
            )
        return link


def described(access: Access) -> Description:
    """Return what the inputs describe. Raises `Invalid`, naming each that does not go with the others."""
    given = {one.key: one.value.strip() for one in access.inputs}
    problems = list(_problems(given))
    if problems:
        words = "; ".join(f"{problem['field']} {problem['message']}" for problem in problems)
        raise SettingsDisagree(words, remedy=problems[0]["remedy"], fields=problems)
    paging = cast("Paging", given.get("paging", "none"))
    return Description(
        url=given["url"],
        paging=paging,
        parameter=given.get("page_parameter") or USUAL_PARAMETER.get(paging, ""),
        first_page=int(given.get("first_page", "1")),
        size_parameter=given.get("size_parameter") or None,
        page_size=int(given.get("page_size", "100")),
        records=steps_of(given.get("records_path", "")),
        id=steps_of(given.get("id_path", "id")),
        cursor=steps_of(given.get("cursor_path", "")),
        user_url=given.get("user_url") or None,
        requests_per_minute=int(given.get("requests_per_minute") or REQUESTS_PER_MINUTE),
    )


def _problems(given: Mapping[str, str]) -> list[dict[str, str]]:
    found = []
    if "url" not in given:
        found.append(_problem("url", "has no value", "Type the address of the list."))
    # Also when it runs: a global variable of any type may hold the address.
    typed = [key for key in ("url", "user_url") if given.get(key)]
    found += [_problem(key, *problem) for key in typed if (problem := problem_of_address(given[key])) is not None]
    if given.get("paging") == "cursor" and not given.get("cursor_path"):
        found.append(_problem("cursor_path", "has no value", "Say where in an answer the next cursor is, or choose another paging."))
    user_url = given.get("user_url")
    if user_url and ID not in urlsplit(user_url).path:
        found.append(_problem("user_url", f"has no {ID} in its path", f"Put {ID} where the user's id belongs."))
    if user_url and _origin(user_url) != _origin(given.get("url", "")):
        found.append(_problem("user_url", "is at another host than url", "Use the same scheme, host and port as in url."))
    return found


def _problem(key: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": f"inputs.{key}", "message": message, "remedy": remedy}


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme.lower(), 0)
    except ValueError:
        return "something that is not a URL"
    return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}:{port}"
