"""When a message is tried again, and when it is given up."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.bus.attempts import attempt, of_the_world
from shared.bus.port import MAX_ATTEMPTS, Message, Retry, RetryPolicy
from shared.errors import Invalid, Throttled, Upstream, UpstreamRefused
from tests.support.buses import QUICK, Listener, listening, message


class FromPostgres(Exception):
    """An error of the database driver, with PostgreSQL's own code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "worldly"),
    [
        (Retry("later"), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (PoolTimeout(), True),
        (OperationalError("s", {}, Exception("database is locked")), True),
        (DBAPIError("s", {}, FromPostgres("40001")), True),
        (DBAPIError("s", {}, FromPostgres("40P01")), True),
        (DBAPIError("s", {}, FromPostgres("57P01")), True),
        (DBAPIError("s", {}, FromPostgres("53300")), True),
        (DBAPIError("s", {}, Exception(), connection_invalidated=True), True),
        (IntegrityError("s", {}, FromPostgres("23505")), False),
        (DBAPIError("s", {}, FromPostgres("22003")), False),
        (Upstream("down"), False),
        (KeyError("x"), False),
    ],
    ids=repr,
)
def test_only_errors_of_the_surroundings_are_waited_out(error: Exception, worldly: bool) -> None:
    """A deadlock says nothing about a message; a value that does not fit will never fit."""
    assert of_the_world(error) is worldly


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (Invalid("no"), 1),
        (UpstreamRefused("no"), 1),
        (Upstream("down"), MAX_ATTEMPTS),
        (Throttled("slow"), MAX_ATTEMPTS),
        (KeyError("k"), MAX_ATTEMPTS),
    ],
    ids=repr,
)
async def test_a_message_is_tried_as_often_as_its_error_deserves(error: Exception, attempts: int) -> None:
    """An error that names itself final is not repeated; others get their chance."""

    def fails(_arrived: Message) -> None:
        raise error

    given_up = await attempt(listening(Listener(fails)), message(), QUICK)
    assert given_up is not None
    assert given_up.attempts == attempts


async def test_the_reason_never_quotes_an_unexpected_error() -> None:
    """Its words may hold what the message held, and dead letters are shown to operators."""

    def fails(_arrived: Message) -> None:
        raise KeyError("ada@example.com")

    given_up = await attempt(listening(Listener(fails)), message(), QUICK)
    assert given_up is not None
    assert "ada" not in f"{given_up}"


def test_pauses_double_up_to_the_longest_and_never_overflow() -> None:
    """A database that is away for a day must not turn the pause into a week, nor into an error."""
    policy = RetryPolicy(first=0.2, longest=15)
    assert [policy.pause(attempt) for attempt in (1, 2, 3, 7, 8, 10_000_000)] == [0.2, 0.4, 0.8, 12.8, 15, 15]


def test_a_key_has_the_same_partition_in_every_process() -> None:
    """The partition is in the routing key: a change would send a key's next message past the ones that wait."""
    partitions = {key: message(key).partition for key in ("", "person", "saas_user", "01890a5d-ac96-774b-bcce-b302099a8057", "ключ")}
    assert partitions == {"": 0, "person": 2, "saas_user": 2, "01890a5d-ac96-774b-bcce-b302099a8057": 1, "ключ": 2}
