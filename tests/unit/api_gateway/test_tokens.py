"""API tokens: nobody guesses one, nothing shows one, and what is no token is seen at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from api_gateway.auth.tokens import NOBODY, new_token, read_token


def test_a_token_is_read_back_as_it_was_made() -> None:
    """Its secret may hold the very character that parts it from the id."""
    for _ in range(200):
        token = new_token()
        assert read_token(SecretStr(token.plain())) == token


def test_a_token_holds_256_random_bits() -> None:
    """Fewer could be tried out."""
    tokens = [new_token() for _ in range(50)]
    assert len({token.secret for token in tokens}) == 50
    assert {len(token.secret) for token in tokens} == {43}


def test_a_token_fits_its_own_hash_only() -> None:
    """The hash is all that is stored; the one of nobody fits nothing."""
    token, other = new_token(), new_token()
    assert token.fits(token.hash())
    assert not token.fits(other.hash())
    assert not token.fits(NOBODY)


def test_a_token_is_not_shown_by_accident() -> None:
    """Objects land in logs and tracebacks."""
    token = new_token()
    assert token.secret not in repr(token)
    assert token.secret not in str(token)


@pytest.mark.parametrize(
    "text", ["", "rc", "rc_", "rc__", "rc_x_y", "rc_0190b7a4000070008000000000000001", "xx_0190b7a4000070008000000000000001_s"]
)
def test_what_is_no_token_is_seen_without_asking_the_database(text: str) -> None:
    """Noise costs nothing."""
    assert read_token(SecretStr(text)) is None


@given(st.text(max_size=100))
def test_no_text_makes_reading_crash(text: str) -> None:
    """Anything may stand in a header."""
    read_token(SecretStr(text))
    read_token(SecretStr(f"rc_{text}"))
