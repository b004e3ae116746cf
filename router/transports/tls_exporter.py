"""Keying material of a TLS connection (RFC 5705), which Python's `ssl` does not offer yet (python/cpython#82133).

OpenSSL has it. CPython keeps OpenSSL's `SSL *` in the object below an SSLObject, here in the order of Modules/_ssl.c:

    _ssl._SSLSocket     PyObject_HEAD, PyObject *Socket, SSL *ssl, PySSLContext *ctx, ...
    _ssl._SSLContext    PyObject_HEAD, SSL_CTX *ctx, ...

Nobody promises that order, so it is proved before the first use, on connections of our own to nowhere: the third
pointer must be the address of the context, which we know, before the second is ever followed; then OpenSSL must find
behind the second that context's own pointer, and the role of the connection. Where that fails, or this is another
Python, or its OpenSSL does not show its functions, there is no keying material, and nothing else happens.
"""

import _ssl
import ctypes
import ssl
import sys
from functools import cache
from typing import Any, Final

POINTER: Final = ctypes.sizeof(ctypes.c_void_p)
HEAD: Final = object.__basicsize__
"""Octets of PyObject_HEAD; free-threaded Python has more."""


def keying_material(connection: ssl.SSLObject, label: bytes, size: int) -> bytes | None:
    """Export so many octets under a label, with an empty context, after the handshake; None if it cannot be done."""
    library = _library()
    pointer = None if library is None else _ssl_pointer(connection)
    if library is None or pointer is None:
        return None
    octets = ctypes.create_string_buffer(size)
    if library.SSL_export_keying_material(pointer, octets, size, label, len(label), b"", 0, 1) != 1:
        library.ERR_clear_error()  # or the next operation of `ssl` in this thread would take the error for its own
        return None
    return octets.raw


@cache
def _library() -> Any:
    """The OpenSSL that Python's own `ssl` works with; None if this Python is not built as we know it."""
    if sys.implementation.name != "cpython":
        return None
    try:
        # Functions are looked for in that file, and then in the libraries that it is linked with.
        library = ctypes.PyDLL(getattr(_ssl, "__file__", None))
        library.SSL_export_keying_material.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t,
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int,
        ]  # fmt: skip
        library.SSL_get_SSL_CTX.argtypes = [ctypes.c_void_p]
        library.SSL_get_SSL_CTX.restype = ctypes.c_void_p
        library.SSL_is_server.argtypes = [ctypes.c_void_p]
        library.ERR_clear_error.restype = None
    except (OSError, AttributeError):
        return None
    return library if all(_is_as_expected(library, is_server=is_server) for is_server in (True, False)) else None


def _is_as_expected(library: Any, *, is_server: bool) -> bool:
    """Prove the layout on a connection to nowhere."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    connection = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=is_server)
    pointer = _ssl_pointer(connection)
    if pointer is None or type(context).__basicsize__ < HEAD + POINTER:
        return False
    is_same_context: bool = library.SSL_get_SSL_CTX(pointer) == _word(context, 0)
    return is_same_context and bool(library.SSL_is_server(pointer)) == is_server


def _ssl_pointer(connection: ssl.SSLObject) -> int | None:
    """The `SSL *` of a connection; None if it does not lie beside the address of the connection's context."""
    inner = getattr(connection, "_sslobj", None)
    if inner is None or type(inner).__basicsize__ < HEAD + 3 * POINTER or _word(inner, 2) != id(connection.context):
        return None
    return _word(inner, 1)


def _word(thing: object, number: int) -> int | None:
    """The pointer that stands at a place of an object, counted after its head; None if it is NULL."""
    return ctypes.c_void_p.from_address(id(thing) + HEAD + number * POINTER).value
