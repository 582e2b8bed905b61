"""Each import contract of the project bites: a contract that nothing can break guards nothing."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
VIOLATIONS: dict[str, list[tuple[str, ...]]] = {
    "services": [
        ("connector.page", "import mapper"),
        ("shared.page", "import connector"),
        ("workflow_engine.page", "import all_in_one"),
    ],
    "simulator": [("sophos_central_simulator.page", "import shared"), ("sophos_central_simulator.page", "import connector")],
    "product": [("connector.page", "import sophos_central_simulator")],
    "purity": [
        ("mapper.mappings.evaluate", "from sqlalchemy import select"),
        ("workflow_engine.triggers.match", "import shared.page", "shared.page", "import httpx"),
        ("workflow_engine.runs.interpreter", "import aio_pika"),
        ("shared.rules.evaluate", "import sqlalchemy.orm"),
    ],
}


def tree(place: Path) -> None:
    """Write the smallest packages that the contracts can be checked on."""
    names = {*SETTINGS["root_packages"], *(module for contract in SETTINGS["contracts"] for module in contract.get("source_modules", []))}
    for name in sorted(names, key=lambda name: name.count(".")):
        write(place, name, "")
    shutil.copy(ROOT / "pyproject.toml", place / "pyproject.toml")


def write(place: Path, module: str, text: str) -> None:
    """Write one module and the packages around it."""
    steps = module.split(".")
    packages = steps if len(steps) == 1 else steps[:-1]
    for depth in range(1, len(packages) + 1):
        package = place.joinpath(*packages[:depth])
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
    if len(steps) > 1:
        place.joinpath(*packages, f"{steps[-1]}.py").write_text(text + "\n", encoding="utf-8")


def lint(place: Path) -> tuple[int, str]:
    """Check the contracts on a tree; return the exit code and what was said."""
    # The tree stands before the installed packages of the same names.
    environment = {**os.environ, "PYTHONPATH": str(place)}
    command = [str(Path(sys.executable).parent / "lint-imports"), "--config", "pyproject.toml", "--no-cache"]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_contracts_hold_on_a_clean_tree(tmp_path: Path) -> None:
    """Otherwise the other tests here would pass for a reason of their own."""
    tree(tmp_path)
    code, said = lint(tmp_path)
    assert code == 0, said


@pytest.mark.parametrize(
    ("contract", "violation"),
    [pytest.param(name, case, id=f"{name}: {case[0]}: {case[1]}") for name, cases in VIOLATIONS.items() for case in cases],
)
def test_a_contract_bites(tmp_path: Path, contract: str, violation: tuple[str, ...]) -> None:
    """The named contract is broken by the violation, and no other one."""
    tree(tmp_path)
    for module, text in zip(violation[::2], violation[1::2], strict=True):
        write(tmp_path, module, text)
    code, said = lint(tmp_path)
    names = {entry["id"]: entry["name"] for entry in SETTINGS["contracts"]}
    assert code == 1, said
    assert f"{names[contract]} BROKEN" in said
    assert said.count(" BROKEN") == 1, said


def test_every_contract_has_a_violation_that_breaks_it() -> None:
    """A new contract needs its own proof."""
    assert {entry["id"] for entry in SETTINGS["contracts"]} == VIOLATIONS.keys()
