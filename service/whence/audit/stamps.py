"""RFC 3161 time stamps, verified: that somebody else saw a checkpoint at a time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.x509 import Certificate, ObjectIdentifier
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from whence_schemas.errors import VerificationFailed

_SHA256 = ObjectIdentifier("2.16.840.1.101.3.4.2.1")


def read_certificates(pem: bytes) -> list[Certificate]:
    """The certificates in a PEM file.

    Raises:
        VerificationFailed: there is none in it.
    """
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise VerificationFailed(f"no certificate in PEM: {error}") from None


def stamped_at(response: bytes, data: bytes) -> datetime:
    """When the time stamp says that its authority saw just these bytes (UTC). Whether an authority made it, says
    `is_by`.

    Raises:
        VerificationFailed: it is no time stamp, or one of other bytes.
    """
    try:
        stamp = decode_timestamp_response(response).tst_info
    except ValueError as error:
        raise VerificationFailed(f"no time stamp: {error}") from None
    imprint = stamp.message_imprint
    if imprint.hash_algorithm != _SHA256 or imprint.message != sha256(data).digest():
        raise VerificationFailed("the time stamp is of something else than the checkpoint beside it")
    return stamp.gen_time.astimezone(UTC)


def is_by(authorities: Sequence[Certificate], response: bytes, data: bytes) -> bool:
    """Whether one of the authorities (root certificates) made the time stamp of these bytes."""
    if not authorities:
        return False
    try:
        verifier = VerifierBuilder(roots=list(authorities)).build()
        return verifier.verify(decode_timestamp_response(response), sha256(data).digest())
    except (VerificationError, ValueError):
        return False
