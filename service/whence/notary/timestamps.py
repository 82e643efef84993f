"""RFC 3161 time stamps, by an authority on the network."""

import asyncio
import ssl
from typing import Any

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from whence_schemas.errors import WhenceError

_SECONDS = 30.0
_QUERY = "application/timestamp-query"


class TimestampUnavailable(WhenceError):
    """The time-stamp authority gave no stamp that holds."""

    status = 503
    title = "Time stamp unavailable"


class TimestampAuthority:
    """The time-stamp authority at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def stamp(self, data: bytes) -> bytes:
        """A time-stamp response (DER) over the SHA-256 of the data, with the authority's certificates in it.

        It is verified: it is for this data and this request, and its signature holds by the certificates in it or the
        system's. Whether the authority can be trusted is for those to decide who verify the stamp.

        Raises:
            TimestampUnavailable: there is none to be had now.
        """
        request = (
            TimestampRequestBuilder()
            .data(data)
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
            .build()
        )
        try:
            async with httpx.AsyncClient(timeout=_SECONDS) as http:
                answer = await http.post(self.url, content=request.as_bytes(), headers={"Content-Type": _QUERY})
            answer.raise_for_status()
            await asyncio.to_thread(_verify, request, answer.content, data)
        except (httpx.HTTPError, httpx.InvalidURL, VerificationError, ValueError) as error:
            raise TimestampUnavailable(
                f"the time-stamp authority {self.url} gave no stamp that holds ({str(error) or type(error).__name__}): "
                "check WHENCE_TIMESTAMP_URL"
            ) from None
        return answer.content


def _verify(request: Any, answer: bytes, data: bytes) -> None:
    """Check the answer to a request.

    Raises:
        VerificationError, ValueError: it does not hold.
    """
    response = decode_timestamp_response(answer)
    if response.status != 0:
        raise ValueError(f"it refused: {', '.join(response.status_string) or f'status {response.status}'}")
    verifier = VerifierBuilder.from_request(request)
    for certificate in {*response.signed_data.certificates, *_system_certificates()}:
        verifier = verifier.add_root_certificate(x509.load_der_x509_certificate(certificate))
    verifier.build().verify_message(response, data)


def _system_certificates() -> list[bytes]:
    """The certificate authorities that the system trusts (DER), but for those whose serial number RFC 5280 forbids."""
    context = ssl.create_default_context()
    known = zip(context.get_ca_certs(), context.get_ca_certs(binary_form=True), strict=True)
    return [encoded for told, encoded in known if int(str(told["serialNumber"]), 16) > 0]
