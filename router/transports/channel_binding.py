"""What identifies a TLS channel, so that a proof of who somebody is can be bound to it (RFC 5056).

    tls-exporter            TLS 1.3     32 octets of keying material (RFC 9266)
    tls-unique              TLS 1.2     the first Finished message of the handshake, 12 octets (RFC 5929, section 3)
    tls-server-end-point    both        the hash of the certificate that the client was shown (RFC 5929, section 4)

tls-unique is not defined for TLS 1.3, although Python gives an answer. With TLS 1.2 it is good for full handshakes
only: who resumes two sessions can make their channels look the same ("triple handshake", RFC 7627).
"""

import ssl
from typing import Final

from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256
from cryptography.x509 import Certificate

from router.transports.tls_exporter import keying_material

LABEL: Final = b"EXPORTER-Channel-Binding"
EXPORTED: Final = 32


def channel_id(connection: ssl.SSLObject, binding: str) -> bytes | None:
    """The octets that identify the channel by this type of binding; None if there are none."""
    if binding == "tls-server-end-point":
        return getattr(connection.context, "end_point", None)
    is_tls13 = connection.version() == "TLSv1.3"
    if binding == "tls-exporter" and is_tls13:
        return keying_material(connection, LABEL, EXPORTED)
    if binding == "tls-unique" and not is_tls13 and not connection.session_reused:
        return connection.get_channel_binding("tls-unique")
    return None


def end_point_of(certificate: Certificate) -> bytes | None:
    """What tls-server-end-point is for a server with this certificate; None for Ed25519, which names no hash."""
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:
        return None
    return certificate.fingerprint(SHA256() if isinstance(algorithm, MD5 | SHA1) else algorithm)
