"""What every test gets: servers, fresh databases, and an environment without this machine's settings."""

from hypothesis import settings

from tests.support.migrated import drop_templates

# For `--hypothesis-profile=long`: tests without examples of their own search for minutes instead of seconds.
settings.register_profile("long", max_examples=100, stateful_step_count=40, deadline=None)
pytest_plugins = ("tests.support.servers", "tests.support.databases", "tests.support.places")


def pytest_sessionfinish() -> None:
    """Remove the databases that the tests' databases are copied from."""
    drop_templates()
