"""Mistakes in what config.yaml mounts are told with their line and column."""

from pathlib import Path

import pytest

from router.config import InvalidConfig, load

REALM = """\
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
    roles:
      - name: anonymous
"""

APPLICATIONS = """
def right(environ, start_response): ...
class Right:
    def __call__(self, environ, start_response): ...
right_too = Right()
def factory(): ...
async def asgi(scope, receive, send): ...
text = "right"
"""

KINDS = "`directory`, `wsgi`, `redirect` or `proxy`"


def report(folder: Path, web: str) -> str:
    """What is said of a configuration with this `web`; empty if nothing is wrong."""
    path = folder / "config.yaml"
    (folder / "mounted.py").write_text(APPLICATIONS)
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "app.html").touch()
    path.write_text(f"{REALM}web:\n{web}\n")
    try:
        load(path, {})
    except InvalidConfig as invalid:
        lines = (line.removeprefix(f"{folder}/config.yaml:") for line in str(invalid).split("\n"))
        return "\n".join(lines).replace(f"{folder}/", "")
    return ""


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        ("path: /a", f"8:12: one of {KINDS} says what is mounted"),
        ("path: /a, wsgi: 'mounted:right', proxy: 'http://x'", f"8:12: one of {KINDS} says what is mounted, and there"),
        ("directory: files", "8:12: `path` is missing"),
        ("path: /a, directory: nowhere", "8:34: nowhere: no such file"),
        ("path: /a, directory: config.yaml", "8:34: config.yaml: a file, not a folder"),
        ("path: /a, directory: files, fallback: index.html", "8:51: files/index.html: no such file"),
        ("path: /a, directory: files, fallback: ../config.yaml", "8:51: `../config.yaml` is no file of the folder"),
        ("path: /a, directory: files, index: a/b.html", "8:48: `a/b.html` is no name of a file"),
        ("path: /a, directory: files, threads: 3", "8:50: `threads` is for wsgi, not for directory"),
        ("path: /a, redirect: /b, max_body: 3", "8:47: `max_body` is for wsgi or proxy, not for redirect"),
        ("path: /a, wsgi: 'mounted'", "8:29: `mounted`: expected `package.module:function`"),
        ("path: /a, wsgi: 'mounted:rigth'", "8:29: `mounted:rigth`: mounted has no rigth"),
        ("path: /a, wsgi: 'mounted:text'", "8:29: `mounted:text`: mounted:text is no function"),
        ("path: /a, wsgi: 'mounted:factory'", "8:29: `mounted:factory`: is not called with (environ, start_response)"),
        ("path: /a, wsgi: 'mounted:asgi'", "8:29: `mounted:asgi`: is not called with (environ, start_response)"),
        ("path: /a, redirect: example.com", "8:33: `example.com`: is neither a URL such as"),
        ("path: /a, redirect: //example.com", "8:33: `//example.com`: is neither a URL such as"),
        ("path: /a, redirect: 'javascript:x'", "8:33: `javascript:x`: is neither a URL such as"),
        ("path: /a, redirect: 'https://x/?a=b'", "8:33: `https://x/?a=b`: has a query or a fragment, behind which"),
        ("path: /a, redirect: 'https://x:99999'", "8:33: `https://x:99999`: is no URL"),
        ("path: /a, proxy: 127.0.0.1:8000", "8:30: `127.0.0.1:8000`: is no server such as `http://127.0.0.1:8000`"),
        ("path: /a, proxy: 'https://example.com'", "8:30: `https://example.com`: only `http://` is spoken to servers"),
        ("path: /a, proxy: 'http://user@example.com'", "8:30: `http://user@example.com`: is no server"),
        ("path: /a, proxy: 'http://example.com/?x'", "8:30: `http://example.com/?x`: has a query or a fragment"),
        ("path: /a, directory: files, headers: [{name: 'X Y', value: x}]", "8:58: expected the name of a header field"),
        ("path: /a, directory: files, headers: [{name: X}]", "8:51: `value` is missing"),
        ("path: /a, directory: files, headers: [{name: X, value: ä}]", "8:68: a header field is in ASCII"),
        (
            "path: /a, directory: files, headers: [{name: Content-Length, value: 1x}]",
            "8:58: `Content-Length` is for the",
        ),
        ("path: a, directory: files", "8:19: expected a path that starts with `/`"),
        ("path: /a/../b, directory: files", "8:19: `/a/../b` is no path that a browser would ask for"),
        ("path: /ws, directory: files", "8:19: `/ws` is the path of WebSocket already"),
        ("path: /ws/, directory: files", "8:19: `/ws/` is the path of WebSocket already"),
        ("path: /%77s, directory: files", "8:19: `/%77s` is the path of WebSocket already"),
        ("path: /, wsgi: 'mounted:right', threads: 2, max_requests: 5, max_body: 0", ""),
        ("path: /a, wsgi: 'mounted:right_too'", ""),
        ("path: /a, directory: files, fallback: app.html, cache: 60, index: app.html", ""),
        ("path: /a, redirect: 'https://x/?a=b', keep_path: false, permanent: false", ""),
        ("path: /a, proxy: 'http://[::1]:8000/app', timeout: 5", ""),
        ("path: /a, directory: files, headers: [{name: X-Frame-Options, value: null}]", ""),
    ],
)
def test_a_mount_is_checked(tmp_path: Path, mount: str, said: str) -> None:
    found = report(tmp_path, f"  mounts: [{{{mount}}}]")
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("web", "said"),
    [
        (
            "  mounts: [{path: /a, redirect: /b}, {path: /a/, redirect: /c}]",
            "8:45: a second mount at `/a/`; the first is in line 8",
        ),
        (
            "  path: /\n  mounts: [{path: /, redirect: /b}]",
            "9:19: `/` is the path of `web` already; `path: null` there frees it",
        ),
        ("  directory: files\n  mounts: [{path: /, redirect: /b}]", "9:19: `/` is the path of `web` already"),
        ("  path: null\n  mounts: [{path: /, redirect: /b}]", ""),
        ("  mounts: [{path: /, redirect: /b}]", ""),
        ("  path: /page\n  mounts: [{path: /page/more, redirect: /b}, {path: /, redirect: /page}]", ""),
    ],
)
def test_no_two_things_are_at_one_path(tmp_path: Path, web: str, said: str) -> None:
    found = report(tmp_path, web)
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_the_paths_of_logins_are_the_logins(tmp_path: Path) -> None:
    web = "  login: {realm: realm1}\n  mounts: [{path: /auth, redirect: /b}, {path: /auth/login, redirect: /c}]"
    found = report(tmp_path, web)
    assert "9:19: `/auth` is the path of `login` already" in found
    assert "9:48: `/auth/login` is the path of `login` already" in found
