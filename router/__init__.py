"""The process: it listens, frames, configures, serves HTTP, logs and measures.

The only package that may import Twisted's reactor, asyncio, uvloop or picows. It knows `realms` and `wamp`;
neither knows it.
"""
