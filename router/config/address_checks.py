"""What must fit together in where a listener is, and in whom it believes about where clients are."""

import os
from collections.abc import Hashable, Iterable
from typing import Final

from router.config.checking import known
from router.config.decoding import Decoder
from router.config.listeners import Listener
from router.config.mistakes import did_you_mean
from router.config.source import explain_os_error
from router.config.wording import quoted
from router.transports.proxies import network_of
from router.transports.unix import MAX_PATH
from router.transports.whereabouts import UNIX

_INSTEAD: Final = {"unix": ("host", "port", "reuse_port"), "systemd": ("host", "port", "reuse_port", "unix", "mode")}
"""A way to listen -> the keys that mean nothing beside it."""


def check_address(listener: Listener, decoder: Decoder) -> None:
    """Check where a listener is, and its proxies."""
    for way, others in _INSTEAD.items():
        if getattr(listener, way) is not None:
            for key in others:
                if decoder.says(listener, key):
                    decoder.note(decoder.place(listener, key), f"`{key}` has no meaning beside `{way}`")
    if known(listener.unix) and listener.unix is not None:
        _check_file(listener, decoder)
    elif decoder.says(listener, "mode") and listener.unix is None and listener.systemd is None:
        decoder.note(decoder.place(listener, "mode"), "`mode` has no meaning without `unix`")
    _check_proxies(listener, decoder)


def check_addresses(listeners: Iterable[Listener], decoder: Decoder) -> None:
    """Check that no two listeners are at the same place."""
    seen: dict[Hashable, int] = {}
    for listener in listeners:
        parts = (listener.host, listener.port, listener.unix, listener.systemd)
        if not all(map(known, parts)) or (listener.port == 0 and listener.unix is None and listener.systemd is None):
            continue
        where, place = listener.where, decoder.place(listener)
        if where in seen:
            decoder.note(place, f"a second listener on {where}; the first is in line {seen[where]}")
        seen.setdefault(where, place.line)


def _check_file(listener: Listener, decoder: Decoder) -> None:
    path = listener.unix
    if path is None:
        return
    place = decoder.place(listener, "unix")
    size = len(os.fsencode(path))
    if size > MAX_PATH:
        decoder.note(place, f"{path}: {size} octets, where the system takes {MAX_PATH} for the path of a Unix socket")
        return
    try:
        if path.exists() and not path.is_socket():
            decoder.note(place, f"{path}: there is something else than a socket")
        elif not path.parent.is_dir():
            decoder.note(place, f"{path.parent}: there is no such folder")
    except OSError as error:
        decoder.note(place, f"{path}: {explain_os_error(error)}")


def _check_proxies(listener: Listener, decoder: Decoder) -> None:
    trusted = listener.trusted_proxies
    if not known(trusted) or not all(map(known, trusted)):
        return
    place = decoder.place(listener, "trusted_proxies")
    for name in trusted:
        if name == UNIX:
            if listener.unix is None and listener.systemd is None:
                decoder.note(place, "`unix` stands for the peers of a Unix socket, and this listener is none")
            continue
        try:
            network_of(name)
        except ValueError as error:
            hint = did_you_mean(name, [UNIX]) or _why_no_network(str(error))
            decoder.note(place, f"{quoted(name)} is no address or network such as `192.0.2.1` or `10.0.0.0/8`{hint}")
    if trusted:
        return
    for key, default in (("proxy_protocol", False), ("forwarded_header", "x-forwarded-for")):
        value = getattr(listener, key)
        if known(value) and value != default:
            decoder.note(decoder.place(listener, key), "name the proxies that may say so in `trusted_proxies`")


def _why_no_network(error: str) -> str:
    return "; the bits behind the `/` must be 0" if "host bits" in error else ""
