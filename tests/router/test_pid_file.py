"""The pid file: one router at a time, no process taken for another, nothing left behind."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.pid_file import CannotClaim, Outcome, PidFile, outcome_at, process_at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wamplex.pid"


@pytest.fixture
def mine(path: Path) -> Iterator[PidFile]:
    claimed = PidFile(path)
    claimed.write()
    yield claimed
    claimed.remove()


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that is no router."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    yield process.pid
    process.kill()
    process.wait()


def test_the_file_holds_the_process_id_and_nothing_else(path: Path, mine: PidFile) -> None:
    assert path.read_text() == f"{os.getpid()}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert process_at(path) == os.getpid()


def test_a_router_that_is_still_starting_is_not_signalled(path: Path) -> None:
    claimed = PidFile(path)
    assert process_at(path) is None
    claimed.remove()


def test_a_second_router_is_refused_and_disturbs_nothing(path: Path, mine: PidFile) -> None:
    with pytest.raises(CannotClaim, match=f"^another router has the pid_file {path}: process {os.getpid()}$"):
        PidFile(path)
    assert process_at(path) == os.getpid()


def test_what_a_killed_router_left_is_taken_over(path: Path, sleeper: int) -> None:
    path.write_text(f"{sleeper}\n")  # the process id is somebody else's by now
    assert process_at(path) is None
    claimed = PidFile(path)
    claimed.write()
    assert path.read_text() == f"{os.getpid()}\n"
    claimed.remove()
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "99999999", "-1", "0", "x" * 1000, "12 13"])
def test_a_file_that_names_no_router_names_nobody(path: Path, text: str) -> None:
    path.write_text(text)
    assert process_at(path) is None


@pytest.mark.parametrize("content", [b"realms:\n", b"1" * 100, b"\xff\xfe"])
def test_a_file_that_is_something_else_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(CannotClaim, match="is no pid file: it is left alone"):
        PidFile(path)
    assert path.read_bytes() == content


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotClaim, match=r"^cannot use the pid_file"):
        PidFile(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CannotClaim, match=f"^cannot use the pid_file {tmp_path}/none/pid: No such file or directory$"):
        PidFile(tmp_path / "none" / "pid")


def test_what_came_of_a_reload_stands_beside_it_and_goes_with_it(path: Path, mine: PidFile) -> None:
    assert outcome_at(path) is None
    mine.answer(["config.yaml:1:2: no"])
    assert outcome_at(path) == Outcome(os.getpid(), 1, ("config.yaml:1:2: no",))
    mine.answer([])
    assert outcome_at(path) == Outcome(os.getpid(), 2)
    assert {file.name for file in path.parent.iterdir()} == {"wamplex.pid", "wamplex.pid.reload"}


def test_the_end_takes_everything_along_but_not_the_file_of_another(path: Path) -> None:
    first = PidFile(path)
    first.write()
    first.answer([])
    path.rename(path.with_name("moved"))
    second = PidFile(path)
    second.write()
    first.remove()
    assert process_at(path) == os.getpid()
    second.remove()
    assert [file.name for file in path.parent.iterdir()] == ["moved"]


def test_the_claim_ends_with_the_process_however_that_ends(path: Path) -> None:
    code = "import sys, pathlib, signal; from router.pid_file import PidFile\n"
    code += "PidFile(pathlib.Path(sys.argv[1])).write(); print(flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert process_at(path) == process.pid
        with path.open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process_at(path) is None
    PidFile(path).remove()
