"""The process: it listens, frames, configures, serves HTTP, logs and measures.

The only package that may import Twisted's reactor, asyncio, picows or aiofastnet. It knows `realms` and `wamp`;
neither knows it.
"""
