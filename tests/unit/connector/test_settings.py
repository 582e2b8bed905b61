"""Settings: what would be dangerous or senseless is refused at start, without repeating a secret."""

import pytest
from pydantic import SecretStr

from connector.settings import ConnectorSettings
from shared.config import BadSettings, load
from tests.support.connector import ENCRYPTION_KEY

DATABASE = SecretStr("sqlite:///x.db")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("encryption_key", SecretStr("far-too-short-a-key")),
        ("encryption_key", SecretStr("ä" * 43)),
        ("sophos_global_url", "http://api.central.sophos.com"),
        ("sophos_id_url", "http://203.0.113.9.example.com"),
        ("sophos_id_url", "ftp://id.sophos.com"),
        ("page_size", 101),
    ],
)
def test_a_bad_setting_is_named(name: str, value: object) -> None:
    """The variable is named; its value is not."""
    given = {"database_url": DATABASE, "encryption_key": ENCRYPTION_KEY, name: value}
    with pytest.raises(BadSettings, match=f"ROLLCALL_CONNECTOR_{name.upper()}") as refused:
        load(ConnectorSettings, **given)
    assert "far-too-short" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8090/", "http://simulator:8090", "https://api.central.sophos.com", "http://10.1.2.3"])
def test_plain_http_is_for_private_networks_only(url: str) -> None:
    """A simulator in the same compose network has no certificate."""
    assert load(ConnectorSettings, database_url=DATABASE, encryption_key=ENCRYPTION_KEY, sophos_id_url=url).sophos_id_url == url.rstrip("/")


def test_limits_cannot_be_switched_off_before_the_real_source() -> None:
    """Sophos would refuse everybody, people and workflows too."""
    refused = {"database_url": DATABASE, "encryption_key": ENCRYPTION_KEY, "rate_policy": "off"}
    with pytest.raises(BadSettings, match="RATE_POLICY may be off for a simulator"):
        load(ConnectorSettings, **refused)
    simulator = {"sophos_id_url": "http://127.0.0.1:8090", "sophos_global_url": "http://127.0.0.1:8090"}
    assert load(ConnectorSettings, **refused, **simulator).rate_policy == "off"
