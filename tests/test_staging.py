"""The folder in which a packet is made: gone afterwards, also what a killed run left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from evidence.staging import PREFIX, clear, stage

HOLD = """
import sys, time
from pathlib import Path
from evidence.staging import stage
with stage(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("of a packet")
    print(folder, flush=True)
    time.sleep(60)
"""


def hold(parent):
    """A process that makes a packet in `parent`, once it is at it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(parent)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip().startswith(str(parent / PREFIX))
    return process


def staged(parent):
    return list(parent.glob(f"{PREFIX}*"))


def test_what_is_made_is_gone_when_the_run_ends(tmp_path):
    with stage(tmp_path) as folder:
        (folder / "packet").mkdir()
        (folder / "packet" / "file").write_text("x")
        assert staged(tmp_path) == [folder]
        (folder / "packet").rename(tmp_path / "packet")
    assert [path.name for path in tmp_path.iterdir()] == ["packet"]


def test_what_a_killed_run_left_is_cleared_away_by_the_next(tmp_path):
    process = hold(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (left,) = staged(tmp_path)
    assert (left / "half").exists()
    with stage(tmp_path) as folder:
        assert staged(tmp_path) == [folder]
    assert staged(tmp_path) == []


def test_a_run_that_is_still_at_work_is_left_alone(tmp_path):
    process = hold(tmp_path)
    clear(tmp_path)
    assert len(staged(tmp_path)) == 1
    process.kill()
    process.wait()


def test_a_folder_that_only_has_such_a_name_is_nobody_s_to_remove(tmp_path):
    own = tmp_path / f"{PREFIX}mine"
    own.mkdir()
    clear(tmp_path)
    assert own.is_dir()
