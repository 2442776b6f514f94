from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from talkinghead.web.own_folder import own_folder, remove_abandoned

ROOT = Path(__file__).parents[3]
SERVER = """
import sys, time
from pathlib import Path
from talkinghead.web.own_folder import own_folder
with own_folder(Path(sys.argv[1])) as folder:
    (folder / "photo.jpg").write_text("a face")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another server on this machine, with a visitor's photo: (process, folder)."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    folder = Path(process.stdout.readline().strip())
    yield process, folder
    process.kill()
    process.wait()
    process.stdout.close()


def grow_old(folder):
    os.utime(folder, (1, 1))


def test_the_folder_goes_with_its_server_and_only_this_one(tmp_path):
    (tmp_path / "someone-elses").mkdir()
    with own_folder(tmp_path / "new") as folder, own_folder(tmp_path) as second:
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "upload").mkdir()
        (folder / "upload" / "photo.jpg").write_text("a face")
        assert folder != second
    assert not folder.exists()
    assert [one.name for one in tmp_path.iterdir() if any(one.iterdir())] == []
    assert (tmp_path / "someone-elses").is_dir()


def test_the_folder_goes_when_the_server_is_told_to_stop(tmp_path):
    with pytest.raises(SystemExit), own_folder(tmp_path) as folder:
        sys.exit(0)
    assert not folder.exists()


def test_a_living_servers_folder_is_never_removed_however_old(tmp_path, other):
    _, folder = other
    grow_old(folder)
    assert remove_abandoned(tmp_path) == 0
    assert (folder / "photo.jpg").exists()


def test_a_killed_servers_folder_is_removed_by_the_next(tmp_path, other):
    process, folder = other
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert remove_abandoned(tmp_path) == 0  # young: it may be about to be locked
    grow_old(folder)
    with own_folder(tmp_path) as own:
        assert own.is_dir()
        assert not folder.exists()


def test_a_link_of_that_name_leads_nowhere(tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    (private / "diary.txt").write_text("dear diary")
    grow_old(private)
    (tmp_path / "evoke-server-evil").symlink_to(private)
    assert remove_abandoned(tmp_path) == 0
    assert (private / "diary.txt").exists()
