"""TLS: the certificate that the client showed in the TLS handshake says who it is. There is no CHALLENGE.

TLS has proved that the client holds the certificate's key, and that one of the listener's `client_certificates`
authorities signed it. What is left is whose it is: a principal is found by the certificate's SHA-256 fingerprint. The
session ends with the certificate's validity.
"""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from cryptography.x509 import load_der_x509_certificate

from realms.authentication import Answer, Applicant, Denied
from realms.authentication.principals import Admit, Found, Inquiry, Principals, admitted, then
from realms.transport import Evidence
from wamp.options import HelloDetails


class ClientCertificate:
    """Admits those whose certificate is a principal's."""

    name: Final = "tls"

    def __init__(self, principals: Principals, *, admit: Admit = admitted) -> None:
        """`admit` says what becomes of who has shown the certificate."""
        self._principals = principals
        self._admit = admit

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Whoever has shown a certificate does."""
        return evidence.certificate is not None

    def begin(self, applicant: Applicant) -> Answer:
        """Accept whoever has shown the certificate of a principal, and does not say to be another one."""
        certificate = applicant.evidence.certificate
        if certificate is None:
            return Denied(message="this connection has shown no client certificate")
        fingerprint = sha256(certificate).hexdigest()
        inquiry = Inquiry(applicant, self.name, certificate=fingerprint)
        return then(
            self._principals.find(inquiry), lambda found: self._judge(applicant, certificate, fingerprint, found)
        )

    def _judge(self, applicant: Applicant, certificate: bytes, fingerprint: str, found: Found) -> Answer:
        authid = applicant.hello.authid
        if found is None or fingerprint not in found.certificates:
            return Denied()
        if isinstance(authid, str) and authid not in (found.authid, found.alias):
            return Denied()
        expires = load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()
        return self._admit(replace(found, expires=expires), self.name)
