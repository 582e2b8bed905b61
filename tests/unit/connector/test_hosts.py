"""Which hosts a token may be sent to."""

import pytest

from connector.sources.sophos.hosts import HostRefused, Hosts

REAL = Hosts("https://id.sophos.com", "https://api.central.sophos.com")
SIMULATOR = Hosts("http://127.0.0.1:8090", "http://127.0.0.1:8090")


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ("https://api-eu02.central.sophos.com", "https://api-eu02.central.sophos.com"),
        ("https://API-EU02.central.sophos.com/", "https://api-eu02.central.sophos.com"),
        ("https://api-eu02.central.sophos.com:443", "https://api-eu02.central.sophos.com"),
        ("https://api.central.sophos.com", "https://api.central.sophos.com"),
    ],
)
def test_a_regional_host_of_the_same_family_is_taken(told: str, used: str) -> None:
    """Sophos' hosts are never built from a list, they are taken from whoami."""
    assert REAL.regional(told) == used


@pytest.mark.parametrize(
    "told",
    [
        "http://api-eu02.central.sophos.com",
        "https://api-eu02.central.sophos.com.evil.example",
        "https://evilcentral.sophos.com",
        "https://central.sophos.com",
        "https://api-eu02.sophos.com",
        "https://api-eu02.central.sophos.com:8443",
        "https://user@api-eu02.central.sophos.com",
        "https://evil.example\\@api-eu02.central.sophos.com",
        "https://api-eu02.central.sophos.com/elsewhere",
        "https://api-eu02.central.sophos.com?x=1",
        "https://api-eu02.central.sophos.com#x",
        "https://evil.example#.central.sophos.com",
        "https://169.254.169.254",
        "https://[::1]",
        "https://a b.central.sophos.com",
        "https://ünïcode.central.sophos.com",
        "https://x.central.sophos.com:99999",
        "file:///etc/passwd",
        "//api-eu02.central.sophos.com",
        "",
    ],
)
def test_any_other_host_is_refused(told: str) -> None:
    """An answer must not send the token, and later the directory, elsewhere."""
    with pytest.raises(HostRefused) as refused:
        REAL.regional(told)
    assert refused.value.remedy


def test_a_simulator_may_name_exactly_itself() -> None:
    """Same scheme, host and port as configured, and nothing else."""
    assert SIMULATOR.regional("http://127.0.0.1:8090/") == "http://127.0.0.1:8090"
    for told in ("http://127.0.0.1:8091", "https://127.0.0.1:8090", "http://127.0.0.2:8090", "https://x.0.0.1"):
        with pytest.raises(HostRefused):
            SIMULATOR.regional(told)


def test_a_top_level_domain_is_no_family() -> None:
    """`sophos.example` as the global host must not admit every host under `example`."""
    with pytest.raises(HostRefused):
        Hosts("https://id.example", "https://sophos.example").regional("https://evil.example")
