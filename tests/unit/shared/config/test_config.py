"""Settings: what is misspelt or out of bounds stops the start and names itself; the page about them holds no secret."""

import os

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from api_gateway.settings import GatewaySettings
from shared.config import BadSettings, CommonSettings, ServiceSettings, known_names, load, refuse_unknown
from shared.config_docs import render_settings

SECRET = "s3cret"


class Example(ServiceSettings):
    """A service for these tests."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_EXAMPLE_", frozen=True, extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=9, ge=0, le=65_535, description="A port | with a bar.")
    key: SecretStr = Field(default=SecretStr(SECRET), description="A key.")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Give an environment without any setting of ours."""
    for name in [name for name in os.environ if name.upper().startswith("ROLLCALL_")]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("ROLLCALL_GATEWAY_PRT", "ROLLCALL_GATEWAY_PORT"),
        ("ROLLCALL_LOG_LEVELS", "ROLLCALL_LOG_LEVEL"),
        ("ROLLCALL_GATEWAY_DATABASE", "ROLLCALL_GATEWAY_DATABASE_URL"),
        ("rollcall_bus_ur", "ROLLCALL_BUS_URL"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_nearest_one(wrong: str, near: str) -> None:
    """It would pass for a default, and nobody would know."""
    with pytest.raises(BadSettings, match=f"did you mean {near}") as caught:
        refuse_unknown([CommonSettings, GatewaySettings], {wrong: SECRET, "PATH": "/bin", "ROLLCALL_HOST": "::1"})
    assert [problem["field"] for problem in caught.value.fields] == [wrong]
    assert SECRET not in str(caught.value)


def test_a_setting_like_no_other_is_refused_without_a_guess() -> None:
    """A wrong guess would send people astray."""
    with pytest.raises(BadSettings) as caught:
        refuse_unknown([CommonSettings], {"ROLLCALL_ZZZZZZZZZZZZZZZZZZZZZZZZ": "1"})
    assert "did you mean" not in str(caught.value)
    assert caught.value.remedy


def test_known_settings_pass_in_any_case() -> None:
    """Windows writes them in capitals, people in small letters."""
    refuse_unknown([CommonSettings, GatewaySettings], {"rollcall_gateway_port": "1", "ROLLCALL_GATEWAY_DATABASE_URL": "sqlite://"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("ROLLCALL_GATEWAY_PORT", "65536"), ("ROLLCALL_GATEWAY_PORT", SECRET), ("ROLLCALL_GATEWAY_OUTBOX_POLL", "0")],
)
def test_a_setting_out_of_bounds_is_named_and_not_repeated(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Somebody may have put the password into the wrong variable."""
    environment.setenv("ROLLCALL_GATEWAY_DATABASE_URL", "sqlite://")
    environment.setenv(name, value)
    with pytest.raises(BadSettings, match=name) as caught:
        load(GatewaySettings)
    assert SECRET not in str(caught.value)


def test_every_wrong_setting_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    """One restart for each would be slow."""
    environment.setenv("ROLLCALL_LOG_LEVEL", "LOUD")
    environment.setenv("ROLLCALL_SERVICE_KEY", SECRET)
    with pytest.raises(BadSettings) as caught:
        load(CommonSettings)
    assert {problem["field"] for problem in caught.value.fields} == {"ROLLCALL_LOG_LEVEL", "ROLLCALL_SERVICE_KEY"}
    assert SECRET not in str(caught.value)


def test_the_page_lists_every_setting_and_no_secret() -> None:
    """People look there before they read code; and the page is published."""
    page = render_settings([CommonSettings, GatewaySettings, Example])
    for name in known_names([CommonSettings, GatewaySettings, Example]):
        assert f"| `{name}` |" in page
    assert SECRET not in page
    assert r"| `ROLLCALL_EXAMPLE_PORT` | `9` | ≥ 0, ≤ 65535 | A port \| with a bar. |" in page
    assert "| `ROLLCALL_EXAMPLE_KEY` | set, not shown | secret | A key. |" in page
    assert "| `ROLLCALL_EXAMPLE_DATABASE_URL` | required | secret |" in page
    assert "`DEBUG`, `INFO`, `WARNING`, `ERROR`" in page


def test_a_time_zone_that_is_none_is_refused(environment: pytest.MonkeyPatch) -> None:
    """Days of a zone that nobody knows would be days of another one."""
    for value in ("Mars/Olympus", "../etc/passwd", ""):
        environment.setenv("ROLLCALL_TIME_ZONE", value)
        with pytest.raises(BadSettings, match=r"ROLLCALL_TIME_ZONE: .*IANA name"):
            load(CommonSettings)
    environment.setenv("ROLLCALL_TIME_ZONE", "Europe/Berlin")
    assert load(CommonSettings).zone.key == "Europe/Berlin"
