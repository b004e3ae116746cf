"""Rendezvous hashing: which of several nodes has the shard of a key.

Every key ranks the nodes by a hash of both, and the first one has it. So a node that comes takes its share of the keys
from all others, and a node that leaves gives its keys to all others: no other key moves.
"""

from collections.abc import Iterable
from hashlib import blake2b


def rank(key: str, node: str) -> bytes:
    """How much a node is the one for a key; the largest wins. The length keeps ("ab", "c") and ("a", "bc") apart."""
    return blake2b(f"{len(key)}:{key}{node}".encode("utf-8", "surrogatepass"), digest_size=8).digest()


def node_for(key: str, nodes: Iterable[str]) -> str:
    """The node of a key; the same on every router, in every run, whatever the order of the nodes."""
    return max(nodes, key=lambda node: (rank(key, node), node))
