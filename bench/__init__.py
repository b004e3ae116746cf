"""Measures WAMP routers from outside: a load generator, and the comparison of Wamplex with Crossbar.

It knows only the wire and imports nothing of the router, so any WAMP router can stand at the other end.
See docs/performance.md for the method.
"""
