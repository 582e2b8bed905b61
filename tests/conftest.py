"""What every test gets: servers, fresh databases, and an environment without this machine's settings."""

pytest_plugins = ("tests.support.servers", "tests.support.databases")
