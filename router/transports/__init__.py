"""From an accepted socket to WAMP messages and back.

    listener -> door -> rawsocket                     (first octet 0x7F)
                     -> upgrade -> websocket          (HTTP with `Upgrade: websocket`)
                     -> http hook                     (any other HTTP)

`connection` is what RawSocket and WebSocket have in common: the session, the bounded outbox and the ways to end.
`flusher` writes once per turn of the event loop, `keepalive` notices peers that are gone, `terms` holds what all
connections of one listener share. Framing of our own (`frames`, `fragments`, `rawsocket_framing`, `http_head`) does no
I/O. picows is imported in `websocket` alone.
"""
