"""A provider from a package of its own: what docs/providers.md shows is installed and run as it stands there."""

import re
import sys
from pathlib import Path

import pytest

from connector.providers.providers import ProviderUnusable
from tests.support.connector import World, ended

DOCUMENT = Path(__file__).parents[3] / "docs" / "providers.md"
SECRET = "a secret that nobody else knows"


def install(site: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the package where an installer would put it."""
    site.mkdir()
    (site / "corner_shop.py").write_text(code)
    about = site / "rollcall_corner_shop-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rollcall-corner-shop\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[rollcall.providers]\ncorner-shop = corner_shop:sources\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "corner_shop", raising=False)


def documented() -> str:
    """Return the module that the document shows."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return str(code)


async def test_a_package_adds_a_kind_of_source(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searched for, set up, launched and run, without a change anywhere in Rollcall."""
    install(tmp_path / "site", documented(), monkeypatch)
    async with here.connector() as api:
        (found,) = (await api.get("/providers", search="SHOP works"))["items"]
        assert found["key"] == "corner-shop"
        secret = {"name": "Shop", "provider": "corner-shop", "client_id": "c", "client_secret": SECRET}
        credential = await api.post("/credentials", secret, expect=201)
        made = await api.post("/integrations", {"provider": "corner-shop", "name": "Shop people"}, expect=201)
        path = f"/integrations/{made['id']}"
        details = {"user_selection": "user_only", "integration_user": "ann", "credential_id": credential["id"]}
        wrong = await api.ask("PATCH", path, {**details, "inputs": {"branch": {"value": "west"}}}, expect=422)
        assert (wrong["fields"][0]["field"], wrong["remedy"]) == ("inputs.branch", "Choose one of: north, south.")
        await api.ask("PATCH", path, {**details, "inputs": {"branch": {"value": "north"}}})
        await api.post(f"{path}/launch")
        run = await ended(api, (await api.post(f"{path}/runs", expect=202))["id"])

    assert (run["state"], run["fetched"], run["counts"]["added"]) == ("completed", 2, 2)


async def test_a_provider_that_does_not_start_is_named(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector without it would leave its people unwatched, so it does not start either."""
    install(tmp_path / "site", "raise ValueError('no such luck')", monkeypatch)
    with pytest.raises(ProviderUnusable, match=r"'corner-shop' of rollcall-corner-shop does not start.*no such luck"):
        async with here.connector():
            pass


async def test_two_packages_cannot_offer_the_same_key(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could say whose records they are."""
    install(tmp_path / "site", documented().replace('"corner-shop"', '"sophos-users"'), monkeypatch)
    with pytest.raises(ProviderUnusable, match="'sophos-users', which another package offers already"):
        async with here.connector():
            pass
