"""Files on their way: gone afterwards, swept up where their process died, and nobody else's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evenkeel.adapters.stores.raw_archive import FolderArchive
from evenkeel.adapters.stores.strays import LONGEST_SECONDS, arriving_folder, own_prefix, sweep

DIES = """
import os, sys, tempfile
from pathlib import Path
from evenkeel.adapters.stores.strays import arriving_folder, own_prefix
parent = Path(sys.argv[1])
with arriving_folder(parent, ".a-") as folder:
    (folder / "client.csv").write_text("x")
    open(parent / (own_prefix(".a-") + "file"), "w").close()
    os.kill(os.getpid(), 9)
"""


def test_a_folder_is_gone_afterwards_also_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with arriving_folder(tmp_path, ".a-") as folder:
            (folder / "x").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept_up_and_what_a_living_one_has_is_not(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False).returncode == -9
    assert len(list(tmp_path.iterdir())) == 2
    with arriving_folder(tmp_path, ".a-") as ours:
        assert list(tmp_path.iterdir()) == [ours]
        sweep(tmp_path, ".a-")
        assert ours.exists()


def test_what_another_machine_left_is_swept_up_a_day_later(tmp_path: Path) -> None:
    theirs = tmp_path / ".a-00000000-1-00000000-xyz"
    theirs.write_text("x")
    sweep(tmp_path, ".a-")
    assert theirs.exists()
    old = theirs.stat().st_mtime - LONGEST_SECONDS - 1
    os.utime(theirs, (old, old))
    sweep(tmp_path, ".a-")
    assert not theirs.exists()


def test_an_archive_sweeps_up_before_it_keeps(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    words = own_prefix(".arriving-").split("-")
    dead = tmp_path / "archive" / "-".join([*words[:-3], str(process.pid), *words[-2:], "x"]).replace("--", "-")
    dead.write_text("half")
    (tmp_path / "file").write_text("whole")
    file_id = FolderArchive(tmp_path / "archive").keep(tmp_path / "file")
    left = {path for path in (tmp_path / "archive").rglob("*") if path.is_file()}
    assert left == {tmp_path / "archive" / file_id[:2] / file_id[2:]}
