"""Detached CMS signatures (RFC 5652) over sealed lists: ECDSA P-256, SHA-256, one X.509 certificate under our root.

Pure. ``openssl cms -verify -binary -purpose any -inform DER`` checks the same.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from archive.errors import IntegrityError
from archive.model import Sha256, sha256_of

_OPTIONS = [
    pkcs7.PKCS7Options.Binary,
    pkcs7.PKCS7Options.DetachedSignature,
    pkcs7.PKCS7Options.NoCapabilities,
]
_HINT = "Compare the list with a copy; who holds the seal key did not sign these bytes."


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed: the certificate, and when the signature itself says that it was made."""

    certificate: x509.Certificate
    claimed: datetime | None

    @property
    def fingerprint(self) -> Sha256:
        """SHA-256 of the certificate."""
        return fingerprint_of(self.certificate)


def sign(data: bytes, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Sign ``data``; gives the CMS structure in DER, certificate included, data not."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, _OPTIONS)


def check_signature(data: bytes, signature: bytes, roots: Sequence[x509.Certificate], when: datetime) -> Signer:
    """Say who signed ``data``, with a certificate that one of ``roots`` issued and that was valid at ``when``.

    Raises:
        IntegrityError: the signature is none, not over these bytes, or not by a certificate of ours at that time.
    """
    try:
        signed, signer = _one_signer(signature)
        certificate = _certificate(signed, signer)
        attributes = {attribute["type"].native: attribute["values"] for attribute in signer["signed_attrs"]}
        digest = attributes["message_digest"][0].native
        claimed = attributes["signing_time"][0].native if "signing_time" in attributes else None
        is_plain = (
            signed["encap_content_info"]["content_type"].native == "data"
            and signed["encap_content_info"]["content"].native is None
            and attributes["content_type"][0].native == "data"
            and signer["digest_algorithm"]["algorithm"].native == "sha256"
        )
        value, text = signer["signature"].native, signer["signed_attrs"].untag().dump()
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, x509.InvalidVersion) as error:
        raise IntegrityError(f"the signature cannot be read ({error})", hint=_HINT) from None
    if not is_plain:
        raise IntegrityError("the signature is of another kind than a seal's", hint=_HINT)
    if digest != hashlib.sha256(data).digest():
        raise IntegrityError("the signature is over other bytes", hint=_HINT)
    try:
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise InvalidSignature
        key.verify(value, text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        raise IntegrityError("the signature was not made with the certificate's key", hint=_HINT) from None
    try:
        _check_certificate(certificate, roots, when)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise IntegrityError(f"the signer's certificate cannot be read ({error})", hint=_HINT) from None
    return Signer(certificate=certificate, claimed=claimed)


def fingerprint_of(certificate: x509.Certificate) -> Sha256:
    """Digest a certificate as people compare it: SHA-256 over its DER form."""
    return sha256_of(certificate.public_bytes(Encoding.DER))


def _one_signer(signature: bytes) -> tuple[cms.SignedData, cms.SignerInfo]:
    content = cms.ContentInfo.load(signature, strict=True)
    if content["content_type"].native != "signed_data":
        raise ValueError("no signed data")
    signed = content["content"]
    (signer,) = signed["signer_infos"]
    return signed, signer


def _certificate(signed: cms.SignedData, signer: cms.SignerInfo) -> x509.Certificate:
    """Find the certificate that the signer names."""
    sid = signer["sid"].chosen
    for choice in signed["certificates"]:
        certificate = choice.chosen
        is_named = certificate.serial_number == sid["serial_number"].native
        if is_named and certificate.issuer.dump() == sid["issuer"].dump():
            return x509.load_der_x509_certificate(certificate.dump())
    raise ValueError("no certificate of the signer")


def _check_certificate(certificate: x509.Certificate, roots: Sequence[x509.Certificate], when: datetime) -> None:
    if not certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
        raise IntegrityError(f"the signer's certificate was not valid at {when:%Y-%m-%dT%H:%M:%SZ}", hint=_HINT)
    if _is_authority(certificate):
        raise IntegrityError("the signer's certificate is one that issues others", hint=_HINT)
    for root in roots:
        try:
            certificate.verify_directly_issued_by(root)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        if _is_authority(root) and root.not_valid_before_utc <= when <= root.not_valid_after_utc:
            return
    raise IntegrityError("none of the trusted roots issued the signer's certificate", hint=_HINT)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
