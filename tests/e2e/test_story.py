"""The whole story, as a newcomer sees it: the command is run, its exit code is the verdict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROLLCALL = Path(sys.executable).parent / "rollcall"


def run_rollcall(*arguments: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an empty directory, without anything of ours in the environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    return subprocess.run(
        [ROLLCALL, *arguments],
        cwd=directory,
        env={**clean, "COLUMNS": "160", **environment},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_the_story_agrees_with_the_api_and_with_sophos(tmp_path: Path) -> None:
    """The main job, end to end: every count compared three ways, on a fresh instance."""
    played = run_rollcall("demo", "--once", "--users", "200", directory=tmp_path)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "Every count agrees." in played.stdout
    assert list(tmp_path.iterdir()) == [], "a play that stops leaves nothing behind"


def test_awkward_people_are_rejected_with_their_reason_and_hold_nobody_up(tmp_path: Path) -> None:
    """Real directories have people without e-mail and two with the same one."""
    played = run_rollcall("demo", "--once", "--users", "150", "--awkward", directory=tmp_path)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "completed_with_errors" in played.stdout


def test_a_misspelt_setting_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    """A misspelt limit must not pass for a default."""
    refused = run_rollcall("config", directory=tmp_path, ROLLCALL_MAPPER_OUTBOX_POL="3")
    assert refused.returncode == 2
    assert "ROLLCALL_MAPPER_OUTBOX_POL" in refused.stderr
    assert "ROLLCALL_MAPPER_OUTBOX_POLL" in refused.stderr


def test_settings_are_printed_without_their_secrets(tmp_path: Path) -> None:
    """`rollcall config` is pasted into tickets."""
    secret = "a-secret-that-nobody-may-see-0123456789"
    shown = run_rollcall("config", directory=tmp_path, ROLLCALL_SERVICE_KEY=secret, ROLLCALL_METRICS_TOKEN=secret)
    assert shown.returncode == 0, shown.stderr
    assert "ROLLCALL_SERVICE_KEY" in shown.stdout
    assert secret not in shown.stdout + shown.stderr


def test_a_service_alone_needs_a_broker(tmp_path: Path) -> None:
    """Alone on the in-process bus it would talk to nobody."""
    refused = run_rollcall("serve", "mapper", directory=tmp_path)
    assert refused.returncode == 2
    assert "ROLLCALL_BUS_URL" in refused.stderr


@pytest.mark.parametrize("option", ["--url", "--simulator"])
def test_a_demo_against_a_running_instance_says_what_it_needs(tmp_path: Path, option: str) -> None:
    """Half the options must not start a fresh instance in silence."""
    refused = run_rollcall("demo", "--once", option, "http://127.0.0.1:9", directory=tmp_path)
    assert refused.returncode == 2
    assert "--token" in refused.stderr
