"""Real proxies for tests: the programs of Debian's packages, with the files of `deploy/`, on free ports of 127.0.0.1.

Of these files only what has to is replaced: ports, paths, and the time-outs, which are shortened from 60 s.
"""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parent.parent.parent / "deploy"

IDLE = 2
"""Seconds of silence after which each proxy closes, instead of 60."""

READY_WITHIN = 15.0

MODULES = "mpm_event ssl socache_shmcb authz_core headers proxy proxy_http proxy_wstunnel"
"""Of Apache's, that apache.conf asks for, and what Debian has by default."""


class Proxy:
    """A proxy that runs in the foreground, until `close`."""

    def __init__(self, name: str, port: int, command: list[str], folder: Path) -> None:
        self.port = port
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)

    def wait(self) -> "Proxy":
        """Wait until it accepts connections."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return self
        raise AssertionError(f"the proxy did not start:\n{self.log.read_text()}")

    def close(self) -> None:
        """End it, and the processes that it started."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def find(program: str, package: str) -> str:
    """The path of a program; without it the test fails where `CI` is set, and is skipped elsewhere."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        why = f"{program} is needed here: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found


def shipped(file: str, *changes: tuple[str, str]) -> str:
    """A file of `deploy/`; what is to be replaced must be there."""
    text = (DEPLOY / file).read_text()
    for old, new in changes:
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    return text


def start_nginx(folder: Path, port: int, router: int, plain: int) -> Proxy:
    """nginx; `plain` is the port that leads to https."""
    program = find("nginx", "nginx")
    temporary = "".join(
        f"    {kind}_temp_path {folder}/nginx-{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = shipped(
        "nginx.conf",
        ("user www-data;\n", f"user {pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name};\n"),
        ("worker_processes auto;", "worker_processes 1;"),
        ("worker_rlimit_nofile 65536;", ""),
        ("worker_connections 30000;", "worker_connections 200;"),
        ("http {\n", "http {\n" + temporary),
        ("        listen [::]:80;\n", ""),
        ("        listen [::]:443 ssl;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("server 127.0.0.1:8080 ", f"server 127.0.0.1:{router} "),
        ("/etc/ssl/wamplex/", f"{folder}/"),
        ("/var/log/nginx/wamplex.log", f"{folder}/nginx-access.log"),
        ("proxy_read_timeout 60s;", f"proxy_read_timeout {IDLE}s;"),
        ("proxy_send_timeout 60s;", f"proxy_send_timeout {IDLE}s;"),
    )
    (folder / "nginx.conf").write_text(text)
    also = f"daemon off; pid {folder}/nginx.pid; error_log stderr;"
    return Proxy("nginx", port, [program, "-e", "stderr", "-c", str(folder / "nginx.conf"), "-g", also], folder)


def start_haproxy(folder: Path, port: int, router: int, plain: int, raw: int, raw_router: int) -> Proxy:
    """HAProxy; `plain` leads to https, `raw` is for RawSocket."""
    program = find("haproxy", "haproxy")
    text = shipped(
        "haproxy.cfg",
        ("maxconn 60000", "maxconn 200"),
        ("bind :80\n", f"bind 127.0.0.1:{plain}\n"),
        ("bind :443 ", f"bind 127.0.0.1:{port} "),
        ("bind :8081 ", f"bind 127.0.0.1:{raw} "),
        ("server router 127.0.0.1:8080 ", f"server router 127.0.0.1:{router} "),
        ("server router 127.0.0.1:8082 ", f"server router 127.0.0.1:{raw_router} "),
        ("/etc/haproxy/wamplex.pem", f"{folder}/both.pem"),
        (" inter 2s\n", " inter 200ms\n"),
        *((f"timeout {side} 60s", f"timeout {side} {IDLE}s") for side in ("client", "server", "tunnel")),
    )
    (folder / "haproxy.cfg").write_text(text)
    return Proxy("haproxy", port, [program, "-db", "-f", str(folder / "haproxy.cfg")], folder)


def start_apache(folder: Path, port: int, router: int) -> Proxy:
    """Apache httpd: its site file, and around it what Debian's own configuration has."""
    program = find("apache2", "apache2")
    text = shipped(
        "apache.conf",
        ("<VirtualHost *:443>", f"<VirtualHost 127.0.0.1:{port}>"),
        ("127.0.0.1:8080/", f"127.0.0.1:{router}/"),
        ("/etc/ssl/wamplex/", f"{folder}/"),
        ("ProxyTimeout 60", f"ProxyTimeout {IDLE}"),
    )
    (folder / "apache-site.conf").write_text(text)
    around = [
        f"ServerRoot {folder}",
        f"PidFile {folder}/apache.pid",
        f"DefaultRuntimeDir {folder}",
        "ServerName localhost",
        "ErrorLog /dev/stderr",
        "StartServers 1",
        *(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES.split()),
        f"Listen 127.0.0.1:{port}",
        f"Include {folder}/apache-site.conf",
    ]
    if os.getuid() == 0:
        around[:0] = ["User www-data", "Group www-data"]
    (folder / "apache.conf").write_text("\n".join([*around, ""]))
    return Proxy("apache", port, [program, "-DFOREGROUND", "-f", str(folder / "apache.conf")], folder)


def start_varnish(folder: Path, port: int, router: int, secure: int) -> Proxy:
    """Varnish; `secure` is where whatever ends TLS in front of it connects to, by the PROXY protocol."""
    program = find("varnishd", "varnish")
    text = shipped(
        "varnish.vcl",
        ('.port = "8080"', f'.port = "{router}"'),
        ("std.port(local.ip) == 8443", f"std.port(local.ip) == {secure}"),
    )
    (folder / "varnish.vcl").write_text(text)
    command = [
        *(program, "-F", "-j", "none", "-n", str(folder / "varnish")),
        *("-a", f"127.0.0.1:{port}", "-a", f"127.0.0.1:{secure},PROXY"),
        *("-f", str(folder / "varnish.vcl"), "-p", f"pipe_timeout={IDLE}"),
        *("-s", "malloc,10m", "-p", "thread_pools=1", "-p", "thread_pool_min=10"),
    ]
    return Proxy("varnish", port, command, folder)


def started(*starts: Callable[[], Proxy]) -> list[Proxy]:
    """All of them, side by side; if one does not start, none is left."""
    running: list[Proxy] = []
    try:
        running.extend(start() for start in starts)
        return [proxy.wait() for proxy in running]
    except BaseException:
        for proxy in running:
            proxy.close()
        raise
