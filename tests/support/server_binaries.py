"""Starting servers from this machine's binaries, in a temporary directory, as an ordinary user."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.server_waiting import NoServer, free_port, wait_until_it_answers

POSTGRES_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")
RABBITMQ_PLACES = ("/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin")
UNSAFE_BUT_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
Start = Callable[[], AbstractContextManager[subprocess.Popen[bytes]]]
RABBITMQ_SETTINGS = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = rollcall
default_pass = {password}
log.file.level = warning
disk_free_limit.absolute = 1MB
raft.wal_max_size_bytes = 16000000
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server at `url` that can be made to die and come back with its data, as a machine does that is switched off and on."""

    url: str
    restart: Callable[[], None]


@contextmanager
def postgres(ask: Callable[[str], None], settings: tuple[str, ...] = UNSAFE_BUT_FAST) -> Iterator[str]:
    """Give the address of a PostgreSQL server that ends with the block. Raises `NoServer`."""
    with mortal_postgres(ask, settings) as server:
        yield server.url


@contextmanager
def rabbitmq(ask: Callable[[str], None]) -> Iterator[str]:
    """Give the address of a RabbitMQ server that ends with the block. Raises `NoServer`."""
    with mortal_rabbitmq(ask) as server:
        yield server.url


@contextmanager
def mortal_postgres(ask: Callable[[str], None], settings: tuple[str, ...] = UNSAFE_BUT_FAST) -> Iterator[Server]:
    """Give a PostgreSQL server that ends with the block. Raises `NoServer`."""
    folder = _folder_of("initdb", POSTGRES_PLACES)
    with _own_directory("postgres") as (directory, who):
        password, port = secrets.token_hex(16), free_port()
        _write(directory / "password", password, who)
        words = ["-U", "rollcall", "-A", "scram-sha-256", f"--pwfile={directory / 'password'}", "-E", "UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run([folder / "initdb", "-D", directory / "data", *words], capture_output=True, check=False, **who)
        if made.returncode:
            raise NoServer(f"initdb failed: {made.stderr.decode()[-300:]}")
        options = [word for setting in (*settings, "unix_socket_directories=", "listen_addresses=127.0.0.1") for word in ("-c", setting)]
        command = [folder / "postgres", "-D", directory / "data", "-p", str(port), *options]
        url = f"postgresql://rollcall:{password}@127.0.0.1:{port}/postgres"
        with _mortal(url, ask, 30, lambda: _running(command, directory, who)) as server:
            yield server


@contextmanager
def mortal_rabbitmq(ask: Callable[[str], None]) -> Iterator[Server]:
    """Give a RabbitMQ server that ends with the block. Raises `NoServer`."""
    folder = _folder_of("rabbitmq-server", RABBITMQ_PLACES)
    epmd = shutil.which("epmd")
    if epmd is None:
        raise NoServer("epmd is not on this machine")
    with _own_directory("rabbitmq") as (directory, who):
        password, port, names = secrets.token_hex(16), free_port(), free_port()
        _write(directory / "rabbitmq.conf", RABBITMQ_SETTINGS.format(port=port, password=password), who)
        _write(directory / "plugins", "[].", who)
        environment = _rabbitmq_environment(directory, names)
        url = f"amqp://rollcall:{password}@127.0.0.1:{port}/"
        with (
            _running([epmd, "-port", str(names), "-address", "127.0.0.1"], directory, who, environment),
            _mortal(url, ask, 90, lambda: _running([folder / "rabbitmq-server"], directory, who, environment)) as server,
        ):
            yield server


@contextmanager
def _mortal(url: str, ask: Callable[[str], None], seconds: float, start: Start) -> Iterator[Server]:
    """Start a server and wait until it answers; do so again whenever it is restarted."""
    with ExitStack() as lives:

        def live() -> None:
            lives.close()
            process = lives.enter_context(start())
            wait_until_it_answers(lambda: ask(url), seconds=seconds, alive=lambda: process.poll() is None)

        live()
        yield Server(url, live)


def _rabbitmq_environment(directory: Path, names: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(directory),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"{directory.name}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_PID_FILE": str(directory / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def _folder_of(program: str, places: tuple[str, ...]) -> Path:
    """Return the folder that holds `program`: the newest of `places` before the search path, whose entry may be a wrapper."""
    found = sorted(path for place in places for path in Path("/").glob(f"{place[1:]}/{program}"))
    if found:
        return found[-1].parent
    on_path = shutil.which(program)
    if on_path is None:
        raise NoServer(f"{program} is not on this machine")
    return Path(on_path).resolve().parent


@contextmanager
def _own_directory(name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give a directory and who may write there: servers refuse to run as root, so root hands it to an ordinary user."""
    directory = Path(tempfile.mkdtemp(prefix=f"rollcall-{name}-"))
    who: dict[str, Any] = {}
    try:
        if os.geteuid() == 0:
            user = _ordinary_user(name)
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(directory, user.pw_uid, user.pw_gid)
        yield directory, who
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _ordinary_user(preferred: str) -> pwd.struct_passwd:
    for name in (preferred, "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("this is root, and there is no ordinary user to run a server as")


def _write(path: Path, content: str, who: dict[str, Any]) -> None:
    path.touch(mode=0o600)
    path.write_text(content)
    if who:
        os.chown(path, who["user"], who["group"])


@contextmanager
def _running(
    command: list[Any], directory: Path, who: dict[str, Any], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server inside the block; afterwards it is killed with everything that it started: its data is thrown away.

    A guard does the same when the tests are killed: it waits for the end of a pipe that only they hold open.
    """
    with (directory / "output.log").open("ab") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, **who
        )
    guard = subprocess.Popen(
        ["/bin/sh", "-c", f"read -r _; kill -s QUIT -- -{process.pid}; sleep 1; kill -s KILL -- -{process.pid}; rm -rf '{directory}'"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGQUIT if "postgres" in str(command[0]) else signal.SIGKILL)
        process.wait(timeout=20)
        guard.kill()
        guard.communicate()
