"""What must fit together about the paths that are served over HTTP, and about what is mounted there."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from router.config.checking import known
from router.config.dashboard import Dashboard
from router.config.decoding import Decoder
from router.config.mistakes import one_of
from router.config.model import Config
from router.config.mounts import KINDS, OPTIONS, Header, Mount
from router.config.source import explain_os_error
from router.config.web import Login, Web
from router.config.wording import quoted
from router.functions import find_callable

FRAMING: Final = frozenset(("connection", "content-length", "date", "keep-alive", "transfer-encoding", "upgrade"))
"""What HTTP itself says."""

_VALUE: Final = re.compile(r"[\x20-\x7e]+")


def check_mounts(config: Config, decoder: Decoder) -> None:
    """Check what is mounted, and that no two things are served at one path."""
    web = config.web
    if not isinstance(web, Web):
        return
    for mount in web.mounts:
        if isinstance(mount, Mount):
            _check_mount(mount, decoder)
    _check_paths(config, web, decoder)


def check_folder(section: Any, key: str, decoder: Decoder) -> None:
    """Check that a folder is one that we can read."""
    folder: Path | None = getattr(section, key)
    if not known(folder) or folder is None:
        return
    try:
        next(folder.iterdir(), None)
    except NotADirectoryError:
        decoder.note(decoder.place(section, key), f"{folder}: a file, not a folder")
    except OSError as error:
        decoder.note(decoder.place(section, key), f"{folder}: {explain_os_error(error)}")


def _check_mount(mount: Mount, decoder: Decoder) -> None:
    given = [kind for kind in KINDS if getattr(mount, kind) is not None]
    if len(given) != 1:
        what = one_of([f"`{kind}`" for kind in KINDS])
        found = "" if not given else f", and there are {len(given)}"
        decoder.note(decoder.place(mount), f"one of {what} says what is mounted{found}")
        return
    for key, kinds in OPTIONS.items():
        if decoder.says(mount, key) and given[0] not in kinds:
            decoder.note(decoder.place(mount, key), f"`{key}` is for {one_of(list(kinds))}, not for {given[0]}")
    check_folder(mount, "directory", decoder)
    _check_file_names(mount, decoder)
    for kind, why_not in (("wsgi", _why_no_application), ("redirect", _why_no_target), ("proxy", _why_no_origin)):
        value = getattr(mount, kind)
        if value is not None and known(value) and (why := why_not(value, mount, decoder)):
            decoder.note(decoder.place(mount, kind), f"{quoted(value)}: {why}")
    for header in mount.headers:
        _check_header(header, decoder)


def _check_file_names(mount: Mount, decoder: Decoder) -> None:
    if known(mount.index) and ("/" in mount.index or mount.index.startswith(".")):
        decoder.note(decoder.place(mount, "index"), f"{quoted(mount.index)} is no name of a file")
    if not known(mount.directory) or mount.directory is None or not known(mount.fallback) or mount.fallback is None:
        return
    names = mount.fallback.split("/")
    if any(name in ("", "..") or name.startswith(".") for name in names):
        decoder.note(decoder.place(mount, "fallback"), f"{quoted(mount.fallback)} is no file of the folder")
    elif not mount.directory.joinpath(*names).is_file():
        decoder.note(decoder.place(mount, "fallback"), f"{mount.directory.joinpath(*names)}: no such file")


def _why_no_application(name: str, mount: Mount, decoder: Decoder) -> str:
    try:
        application = find_callable(name, decoder.folder)
    except ValueError as mistake:
        return str(mistake)
    try:
        inspect.signature(application).bind({}, print)
    except TypeError:
        return "is not called with (environ, start_response), so it is no WSGI application; is it one for ASGI?"
    except ValueError:  # in C, without a signature
        pass
    return ""


def _why_no_target(url: str, mount: Mount, decoder: Decoder) -> str:
    """Why nobody can be sent there."""
    try:
        parts = urlsplit(url)
        port_is_right = parts.port != 0
    except ValueError:
        port_is_right = False
    if not port_is_right or not re.fullmatch(r"[\x21-\x7e]+", url) or "\\" in url:
        return "is no URL"
    if parts.scheme in ("http", "https") and parts.hostname:
        if mount.keep_path and (parts.query or parts.fragment):
            return "has a query or a fragment, behind which no path can be kept; say `keep_path: false`"
        return ""
    if url.startswith("/") and not url.startswith("//"):
        return ""
    return "is neither a URL such as `https://example.com/shop` nor a path such as `/shop`"


def _why_no_origin(url: str, mount: Mount, decoder: Decoder) -> str:
    """Why this is no server that we could ask."""
    try:
        parts = urlsplit(url)
        is_right = bool(parts.hostname) and parts.port != 0 and re.fullmatch(r"[\x21-\x7e]+", url) is not None
    except ValueError:
        is_right = False
    if is_right and parts.scheme == "https":
        return "only `http://` is spoken to servers behind this one"
    if not is_right or parts.scheme != "http" or "@" in parts.netloc:
        return "is no server such as `http://127.0.0.1:8000`"
    return "has a query or a fragment" if parts.query or parts.fragment else ""


def _check_header(header: Header, decoder: Decoder) -> None:
    if not isinstance(header, Header) or not known(header.name):
        return
    if header.name.lower() in FRAMING:
        decoder.note(decoder.place(header, "name"), f"{quoted(header.name)} is for the router alone to say")
    if isinstance(header.value, str) and not _VALUE.fullmatch(header.value):
        decoder.note(decoder.place(header, "value"), "a header field is in ASCII")


# --- paths --------------------------------------------------------------------------------------------------------


def _check_paths(config: Config, web: Web, decoder: Decoder) -> None:
    """No two things at a path; and nothing amid what has several."""
    others = dict(taken(config))
    if isinstance(config.dashboard, Dashboard) and config.dashboard.path is not None and known(config.dashboard.path):
        others[normal(config.dashboard.path)] = "the dashboard"
    seen: dict[str, int] = {}
    page = None if not known(web.path) or web.path is None else normal(web.path)
    says_page = decoder.says(web, "path") or decoder.says(web, "directory")
    for mount in web.mounts:
        if not isinstance(mount, Mount) or not known(mount.path):
            continue
        path, place = normal(mount.path), decoder.place(mount, "path")
        if any(segment in (".", "..") for segment in path.split("/")) or "//" in mount.path:
            decoder.note(place, f"{quoted(mount.path)} is no path that a browser would ask for")
        elif path in seen:
            decoder.note(place, f"a second mount at {quoted(mount.path)}; the first is in line {seen[path]}")
        elif path == page and says_page:
            decoder.note(place, f"{quoted(mount.path)} is the path of `web` already; `path: null` there frees it")
        else:
            for other, what in others.items():
                if other and (path == other or path.startswith(f"{other}/")):
                    decoder.note(place, f"{quoted(mount.path)} is the path of {what} already")
        seen.setdefault(path, place.line)


def taken(config: Config) -> Iterator[tuple[str, str]]:
    """The paths that are the router's own, each with what is there."""
    for listener in config.listeners:
        websocket = listener.websocket
        if known(websocket) and websocket is not None and known(websocket.path):
            yield normal(websocket.path), "WebSocket"
        longpoll = getattr(listener, "longpoll", None)
        if known(longpoll) and longpoll is not None and known(longpoll.path):
            yield normal(longpoll.path), "long-poll"
    login = config.web.login if isinstance(config.web, Web) else None
    if isinstance(login, Login) and known(login.path):
        yield normal(login.path), "`login`"
    for bridge in config.bridges:
        if known(bridge) and known(bridge.path):
            yield normal(bridge.path), "a bridge"


def normal(path: str) -> str:
    """The path as requests are compared with it: decoded, without a slash at its end; `/` is the empty one."""
    return unquote(path).rstrip("/")
