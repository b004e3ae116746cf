"""The command `wamplex`: what it prints and with which status it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from router.cli import main
from router.commands import configuration
from router.config import loading

ROOT = Path(__file__).parents[2]
RIGHT = "realms: [{name: realm1, authentication: {anonymous: {role: a}}, roles: [{name: a}, {name: b}]}]\n"


def wamplex(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "router", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_check_sums_a_right_configuration_up_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(RIGHT + "listeners: [{port: 1, http: no}, {host: '::1', port: 2, websocket: off}]\n")
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr() == (
        "The configuration is right: realm realm1 with 2 roles; "
        "on 127.0.0.1:1 (WebSocket /ws, RawSocket), [::1]:2 (long-poll /lp, RawSocket, HTTP)\n",
        "",
    )


def test_check_reports_all_mistakes_and_ends_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(RIGHT + "limit: {}\nlisteners: [{port: x}]\n")
    assert main(["check"]) == 1
    assert capsys.readouterr() == (
        "",
        "config.yaml:2:1: unknown key `limit`; did you mean `limits`?\n"
        "config.yaml:3:20: expected a whole number from 0 to 65535, found `x`\n",
    )


def test_check_warns_of_what_is_dangerous(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.yaml"
    text = (ROOT / "config.yaml").read_text("utf-8").replace("host: 127.0.0.1", "host: 0.0.0.0")
    path.write_text(re.sub(r"^dashboard:\n(  .*\n)+", "", text, flags=re.M), "utf-8")
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().err == (
        "warning: whoever reaches 0.0.0.0 may do everything in realm1, without authentication\n"
    )


@pytest.mark.parametrize("command", [["check"], ["start"]])
def test_without_a_file_the_shipped_configuration_is_taken_and_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    shipped = tmp_path / "share" / "config.yaml"
    shipped.parent.mkdir()
    shipped.write_text("realms: []")  # a mistake, so that `start` ends
    monkeypatch.setattr(configuration, "SHIPPED", shipped)
    monkeypatch.chdir(tmp_path)
    assert main(command) == 1
    assert capsys.readouterr().err == (
        f"there is no config.yaml here; using {shipped}\n{shipped}:1:9: at least one entry is needed here\n"
    )


def test_the_shipped_configuration_leaves_its_files_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, here = tmp_path / "share" / "config.yaml", tmp_path / "here"
    shipped.parent.mkdir()
    here.mkdir()
    shipped.write_text((ROOT / "config.yaml").read_text("utf-8"))
    monkeypatch.setattr(loading, "SHIPPED", shipped)
    monkeypatch.chdir(here)
    history = loading.load(shipped).realms[0].history
    assert history is not None
    assert history.file == here / "history.sqlite"


def test_a_config_yaml_here_comes_before_the_shipped_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(RIGHT)
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", [["check"], ["start", "--config"]])
def test_a_file_that_is_missing_is_one_line_and_status_1(tmp_path: Path, command: list[str]) -> None:
    done = wamplex(*command, "nowhere.yaml", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "nowhere.yaml: no such file\n")


def test_start_reports_mistakes_like_check(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(RIGHT + "logging: {level: loud}\n")
    done = wamplex("start", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "config.yaml:2:18: expected debug, error, info or warn, found `loud`\n"


def test_start_says_where_it_listens_and_stops_on_sigint(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(RIGHT + "listeners: [{port: 0}]\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "router", "start"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    while "is ready" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=30)[1]
    assert process.returncode == 0
    assert "Traceback" not in said
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO  router  ", said)


def test_a_port_in_use_is_one_line_and_status_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "config.yaml").write_text(RIGHT + f"listeners: [{{port: {port}}}]\n")
        done = wamplex("start", folder=tmp_path)
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_schema_prints_the_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Wamplex configuration"


def test_version_prints_the_name_and_a_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert re.fullmatch(r"wamplex (\d+\.\d+\.\d+.*|\(not installed\))\n", capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [[], ["stat"], ["check", "a", "b"], ["start", "a.yaml"]])
def test_a_wrong_command_line_ends_with_the_usage_and_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: wamplex")


def test_nothing_imports_the_reactor_before_start_installs_it(tmp_path: Path) -> None:
    """`router.cli` and `router.log` load without it, so that uvloop can come first."""
    code = "import sys, router.cli, router.log; sys.exit('twisted.internet.reactor' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, timeout=30).returncode == 0
