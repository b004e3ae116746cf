"""What lives inside a realm: sessions, the broker, the dealer, roles and authentication.

Sans-IO: no reactor, no sockets, no threads. The clock and randomness come through constructors; a `Transport` is
whatever can carry octets. Everything is synchronous, so WAMP's ordering guarantees hold by construction; only an
authenticator may take time, and while it does its session is held.

Read in this order: `transport`, `session`, `realm`, `patterns`, `broker`, `dealer`, `fanout`, `roles`,
`authentication`.
"""
