"""The vocabulary of WAMP: messages, ids, URIs, errors, and the codecs that put them on the wire.

This package knows nobody: no I/O, no state, no Twisted. `realms` and `router` speak in its terms.

Read in this order: `ids`, `uris`, `errors`, `options`, `messages`, `payloads`, `codecs`.
"""
