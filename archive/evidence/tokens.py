"""Time-stamp tokens of RFC 3161: what is asked, and whether an answer or a kept token holds. Pure.

A token is kept bare, as CMS in DER (``.tst``), so that ``openssl cms -verify -purpose timestampsign`` reads it. What an
authority says is believed only under a root that was given beforehand; certificates within the token open no trust.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from asn1crypto import cms, core, tsp
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    decode_timestamp_response,
)
from rfc3161_client.verify import VerifierBuilder

from archive.errors import IntegrityError
from archive.evidence.signature import fingerprint_of
from archive.model import Sha256

TOLERANCE = timedelta(minutes=1)
"""How far an authority's clock may be ahead of ours."""
AGREEMENT = timedelta(minutes=10)
"""How far two authorities may lie apart."""
TEST_NAME = "NOT TRUSTED"
"""Stands in the subject of every certificate that ``vigil tsa`` makes."""
_HINT = "The token proves nothing; another is asked for by `vigil seal`."


class Answer(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """TimeStampResp of RFC 3161, whose token is missing where the authority refuses."""

    _fields: ClassVar[list[tuple[object, ...]]] = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAuthority:
    """Who may stamp: its name with us, its trusted roots, and the SHA-256 of its own certificate where it is pinned."""

    name: str
    roots: tuple[x509.Certificate, ...]
    pin: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A question to an authority: its bytes (``application/timestamp-query``), and what the answer must repeat."""

    body: bytes
    nonce: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a token that holds says: when its authority had seen the digest."""

    authority: str
    time: datetime
    serial: int
    policy: str
    subject: str
    fingerprint: Sha256

    @property
    def is_test(self) -> bool:
        """Whether a local test authority gave it, which proves nothing."""
        return TEST_NAME in self.subject


def request_for(data: bytes) -> TokenRequest:
    """Ask for a token over the SHA-256 of ``data``, with a nonce and the authority's certificates."""
    request = (
        TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .build()
    )
    if request.nonce is None:
        raise IntegrityError("the request for a time stamp has no nonce", hint="Another rfc3161-client is needed.")
    return TokenRequest(body=request.as_bytes(), nonce=request.nonce, data=data)


def accept_answer(
    answer: bytes, request: TokenRequest, authority: TimeAuthority, *, now: datetime
) -> tuple[bytes, Stamp]:
    """Take the bare token out of an authority's answer, once it was found to hold.

    Raises:
        IntegrityError: it is no answer, refuses, or does not hold; the reason is named.
    """
    try:
        parsed = Answer.load(answer, strict=True)
        status = parsed["status"]["status"].native
        words = "; ".join(parsed["status"]["status_string"].native or ())
        token = parsed["time_stamp_token"].dump() if status in {"granted", "granted_with_mods"} else b""
    except (ValueError, KeyError, TypeError, AttributeError):
        raise IntegrityError("the answer is no time-stamp response", hint=_HINT) from None
    if not token:
        raise IntegrityError(f"the authority refused: {status} {words[:200]}".rstrip(), hint=_HINT)
    return token, check_token(token, request.data, authority, now=now, nonce=request.nonce)


def check_token(
    token: bytes, data: bytes, authority: TimeAuthority, *, now: datetime, nonce: int | None = None
) -> Stamp:
    """Say when ``data`` was stamped, once the token was found to hold.

    It holds when its signature leads to one of the authority's roots by certificates valid at the token's own time,
    the certificate is for time stamps and is the pinned one where one is pinned, the imprint is the SHA-256 of
    ``data``, the nonce is the one asked for where it is known, and the time does not lie after ``now``.

    Raises:
        IntegrityError: it does not hold, and why.
    """
    certificates = _certificates(token)
    pinned = None
    if authority.pin is not None:
        pinned = next((one for one in certificates if fingerprint_of(one) == authority.pin), None)
        if pinned is None:
            raise IntegrityError("the token is not by the pinned certificate", hint=_HINT)
    try:
        response = decode_timestamp_response(_as_response(token))
        info = response.tst_info
        (signer,) = response.signed_data.signer_infos
    except ValueError as error:
        raise IntegrityError(f"the token cannot be read: {error}", hint=_HINT) from None
    _verify(response, hashlib.sha256(data).digest(), authority.roots, pinned, nonce)
    if info.message_imprint.hash_algorithm.dotted_string != "2.16.840.1.101.3.4.2.1":
        raise IntegrityError("the token's imprint is no SHA-256", hint=_HINT)
    time = info.gen_time.replace(tzinfo=UTC) if info.gen_time.tzinfo is None else info.gen_time.astimezone(UTC)
    if time > now + TOLERANCE:
        raise IntegrityError(f"the token is dated in the future: {time:%Y-%m-%dT%H:%M:%SZ}", hint=_HINT)
    named = (one for one in certificates if one.serial_number == signer.serial_number and one.issuer == signer.issuer)
    leaf = next(named, None)
    if leaf is None:
        raise IntegrityError("the token does not hold the certificate of its signer", hint=_HINT)
    return Stamp(
        authority=authority.name,
        time=time,
        serial=info.serial_number,
        policy=info.policy.dotted_string,
        subject=leaf.subject.rfc4514_string(),
        fingerprint=fingerprint_of(leaf),
    )


def _verify(
    response: TimeStampResponse,
    digest: bytes,
    roots: Sequence[x509.Certificate],
    pinned: x509.Certificate | None,
    nonce: int | None,
) -> None:
    """Verify under one of the roots; one by one, since an old root and its successor may have the same name."""
    problem = "no root is known for the authority"
    for root in roots:
        try:
            VerifierBuilder(tsa_certificate=pinned, roots=[root], nonce=nonce).build().verify(response, digest)
        except (VerificationError, ValueError) as error:
            problem = str(error)
        except BaseException as error:
            # rfc3161-client does not survive every certificate that OpenSSL cannot parse: Rust panics.
            if type(error).__name__ != "PanicException":
                raise
            problem = "its certificates cannot be parsed"
        else:
            return
    raise IntegrityError(f"the token does not hold: {problem}", hint=_HINT)


def _certificates(token: bytes) -> tuple[x509.Certificate, ...]:
    try:
        content = cms.ContentInfo.load(token, strict=True)
        found = [choice.chosen.dump() for choice in content["content"]["certificates"]]
        certificates = tuple(map(x509.load_der_x509_certificate, found))
        for one in certificates:
            one.issuer, one.subject, one.extensions  # noqa: B018  they are parsed only when asked for
        return certificates
    except (ValueError, KeyError, TypeError, AttributeError, x509.InvalidVersion):
        raise IntegrityError("the token cannot be read, or holds no certificate", hint=_HINT) from None


def _as_response(token: bytes) -> bytes:
    """Wrap a bare token as the granted answer that rfc3161-client reads.

    Its certificates, which no signature covers, are put in the order of DER, which the library demands and some
    authorities do not keep.
    """
    content = cms.ContentInfo.load(token)
    ordered = sorted(choice.chosen.dump() for choice in content["content"]["certificates"])
    content["content"]["certificates"] = cms.CertificateSet([cms.CertificateChoices.load(one) for one in ordered])
    body: bytes = b"\x30\x03\x02\x01\x00" + content.dump()
    size = len(body)
    prefix = b"\x30" + (bytes([size]) if size < 128 else bytes([0x80 + (size.bit_length() + 7) // 8]))
    return prefix + (size.to_bytes((size.bit_length() + 7) // 8, "big") if size >= 128 else b"") + body
