"""Tokens: shared, renewed in time, never asked for twice at once."""

import asyncio
from dataclasses import dataclass, field

import pytest

from connector.sources.sophos.models import Token, WhoAmI
from connector.sources.sophos.tokens import Tokens, usable_for
from shared.ids import new_id


@dataclass
class SignIn:
    """A sign-in that counts how often it is asked."""

    life: int = 3600
    asked: int = 0
    owner: WhoAmI = field(default_factory=lambda: WhoAmI(id="t", idType="tenant"))

    async def __call__(self) -> Token:
        """Return another token each time."""
        self.asked += 1
        await asyncio.sleep(0)
        return Token(access_token=f"token-{self.asked}", expires_in=self.life)


@pytest.mark.parametrize(("life", "used"), [(3600, 3540), (120, 60), (60, 30), (1, 0.5), (0, 0)])
def test_a_token_is_renewed_a_minute_before_it_expires(life: float, used: float) -> None:
    """One that lives less than two minutes is used for half of its life."""
    assert usable_for(life) == used


async def test_a_token_is_used_until_a_minute_before_its_end() -> None:
    """Then there is a new one, before Sophos refuses the old."""
    moment, about, sign_in = [0.0], new_id(), SignIn()
    tokens = Tokens(clock=lambda: moment[0])
    first = await tokens.get(about, sign_in)
    moment[0] = 3539
    assert await tokens.get(about, sign_in) == first
    moment[0] = 3540
    assert await tokens.get(about, sign_in) == "token-2"


async def test_callers_at_once_share_one_sign_in() -> None:
    """Sign-ins cost requests too."""
    about, sign_in, tokens = new_id(), SignIn(), Tokens()
    assert set(await asyncio.gather(*(tokens.get(about, sign_in) for _ in range(20)))) == {"token-1"}
    assert sign_in.asked == 1


async def test_a_refused_token_is_dropped_once() -> None:
    """A caller whose old token is refused late must not throw the new one away."""
    about, sign_in, tokens = new_id(), SignIn(), Tokens()
    old = await tokens.get(about, sign_in)
    tokens.belongs_to(about, sign_in.owner)
    assert tokens.owner(about) == sign_in.owner
    tokens.drop(about, old)
    assert tokens.owner(about) is None
    new = await tokens.get(about, sign_in)
    tokens.drop(about, old)
    assert await tokens.get(about, sign_in) == new == "token-2"


async def test_the_token_does_not_show_itself() -> None:
    """Neither in a log line nor in a traceback's values."""
    assert "token-1" not in repr(await SignIn()())
