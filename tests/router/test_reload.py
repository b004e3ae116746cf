"""`wamplex reload`: which rules and certificates count from when on, and what the operator learns of it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import write_certificate
from tests.router.secure import Backend, SecureRouter, shown, wamplex


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureRouter]:
    running = SecureRouter(tmp_path_factory.mktemp("secure"))
    running.start()
    yield running
    running.close()
    assert "Traceback" not in running.log


def test_a_reload_takes_new_certificates_and_nobody_is_dropped(router: SecureRouter) -> None:
    """B19"""
    backend = Backend(router)
    write_certificate(router.folder / "shop", names=["*.shop.example.com", "new.example.com"])
    done = router.reload()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Process {router.pid} has read {router.config_file} again\n"
    assert shown(router.port, "new.example.com") == ["*.shop.example.com", "new.example.com"]
    assert backend.is_served()
    assert "new connections get the certificate" in router.log


def test_a_reload_takes_certificates_that_config_yaml_names_only_now(router: SecureRouter) -> None:
    (router.folder / "third").mkdir()
    write_certificate(router.folder / "third", names=["third.example.com"])
    text = router.config_file.read_text()
    added = "others: [{certificate: third/cert.pem, key: third/key.pem}, "
    before = len(router.log)
    router.config_file.write_text(text.replace("others: [", added))
    assert router.reload().returncode == 0
    assert shown(router.port, "third.example.com") == ["third.example.com"]
    assert "takes effect after a restart" not in router.log[before:]
    router.config_file.write_text(text)
    assert router.reload().returncode == 0
    assert shown(router.port, "third.example.com") == ["localhost"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("role: user", "role: usr", "6:"),
        ("key: shop/key.pem", "key: tls/key.pem", "15:50:"),  # the key of another certificate
        ("realms:", "realms: [", ""),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_router_goes_on_as_before(
    router: SecureRouter, old: str, new: str, line: str
) -> None:
    text = router.config_file.read_text()
    router.config_file.write_text(text.replace(old, new))
    try:
        done = router.reload()
    finally:
        router.config_file.write_text(text)
    assert done.returncode == 1
    assert f"{router.config_file}:{line}" in done.stderr
    assert done.stdout == ""
    assert "*.shop.example.com" in shown(router.port, "a.shop.example.com")
    assert router.reload().returncode == 0


def test_a_second_router_with_the_same_pid_file_does_not_start(router: SecureRouter) -> None:
    command = [sys.executable, "-m", "router", "start", "--config", str(router.config_file)]
    root = Path(__file__).parent.parent.parent
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=root, check=False)
    assert said.returncode == 1
    assert said.stderr.endswith(f"another router has the pid_file {router.folder}/wamplex.pid: process {router.pid}\n")
    assert router.reload().returncode == 0


def test_without_a_router_a_reload_fails_and_signals_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = "realms: [{name: realm1, authentication: {anonymous: {role: user}}, roles: [{name: user}]}]\n"
    (tmp_path / "config.yaml").write_text(config)
    said = wamplex("reload")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("config.yaml has no `pid_file`")
    (tmp_path / "config.yaml").write_text(f"{config}pid_file: wamplex.pid\n")
    assert wamplex("reload").stderr == f"no router runs: there is no {tmp_path}/wamplex.pid\n"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        (tmp_path / "wamplex.pid").write_text(f"{other.pid}\n")  # a router that was killed had that id
        said = wamplex("reload")
        assert other.poll() is None
        other.kill()
    assert (said.returncode, said.stderr.partition(",")[0]) == (1, "no router runs")


def test_a_router_that_ends_takes_its_pid_file_along(tmp_path: Path) -> None:
    running = SecureRouter(tmp_path)
    running.start()
    assert running.reload().returncode == 0
    assert running.stop() == 0
    assert not list(tmp_path.glob("wamplex.pid*"))
    assert "no router runs" in running.reload().stderr
