"""The direction of imports, as the contracts in pyproject.toml state it."""

import os
import subprocess
import sys
from pathlib import Path

RUN = """
import sys
from evenkeel.cli import run_command
code = run_command(["run", "--date", "2026-03-02", "--home", sys.argv[1]])
print(code, sorted({name.partition(".")[0] for name in sys.modules} & {"prefect", "fastapi", "great_expectations"}))
"""

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_contract_is_kept() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_run_in_process_imports_no_orchestrator(tmp_path: Path) -> None:
    """The clock stands on the morning after a session of an empty starter book: the run goes all the way through."""
    home, clock = str(tmp_path / "home"), {**os.environ, "EVENKEEL_CLOCK": "2026-03-03T13:00:00Z"}
    evenkeel = Path(sys.executable).with_name("evenkeel")
    subprocess.run([evenkeel, "init", "--home", home], env=clock, capture_output=True, check=True)
    ran = subprocess.run(
        [sys.executable, "-c", RUN, home], cwd=tmp_path, env=clock, capture_output=True, text=True, check=False
    )
    assert ran.stdout.endswith("3 []\n"), ran.stdout + ran.stderr
