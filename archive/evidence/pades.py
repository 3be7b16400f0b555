"""The signature in ``certificate.pdf``: PAdES baseline T where a time authority answers, baseline B where none does.

Needs the extra ``exhibit``. docs/decisions/0007-evidence-package.md says why it is not B-LTA.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from archive.config import Authority
from archive.errors import ConfigError, IntegrityError, VigilError
from archive.evidence.asking import Question, answer_to
from archive.evidence.certificate import HINT
from archive.evidence.keys import SigningKeys
from archive.evidence.tokens import TimeAuthority, check_token

if TYPE_CHECKING:
    from pyhanko.sign.timestamps import TimeStamper

_FIELD = "Archive"
_ROOM = 32_768
"""Bytes kept free for signature, certificates and token."""
_PATIENCE = 5.0


def sign_pdf(
    pdf: bytes, keys: SigningKeys, authorities: Sequence[tuple[Authority, TimeAuthority]] = ()
) -> tuple[bytes, tuple[str, ...]]:
    """Sign a PDF with the seal key; gives it, and why each authority that was asked did not stamp.

    The first authority whose token holds is taken; the token is checked under its configured root before it is.

    Raises:
        ConfigError: pyHanko is missing.
    """
    problems = []
    for one, known in authorities:
        try:
            signed = _signed(pdf, keys, one)
            _check_stamp(signed, known)
        except ConfigError:
            raise
        except VigilError as error:
            problems.append(f"certificate.pdf is not stamped by {one.name}: {error}")
        else:
            return signed, tuple(problems)
    return _signed(pdf, keys, None), tuple(problems)


def _signed(pdf: bytes, keys: SigningKeys, authority: Authority | None) -> bytes:
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415  the extra "exhibit"
        from pyhanko.sign import fields, signers  # noqa: PLC0415
        from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(f"pyHanko is missing ({error})", hint=HINT) from None
    key = keys.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(keys.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(key),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    form = fields.SigSeedSubFilter.PADES
    meta = signers.PdfSignatureMetadata(field_name=_FIELD, subfilter=form, md_algorithm="sha256")
    out = io.BytesIO()
    signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)),
        meta,
        signer=signer,
        timestamper=None if authority is None else _stamper(authority),
        bytes_reserved=_ROOM,
        output=out,
    )
    return out.getvalue()


def _stamper(authority: Authority) -> "TimeStamper":
    from pyhanko.sign.timestamps import TimeStamper  # noqa: PLC0415

    class Asking(TimeStamper):
        """Asks as for a seal: with the same limits, over the same wire."""

        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            timeout = min(authority.timeout, _PATIENCE)
            answer = await answer_to(Question(url=authority.url, body=req.dump(), timeout=timeout))
            if not isinstance(answer, bytes):
                raise answer
            try:
                response = tsp.TimeStampResp.load(answer, strict=True)
                response["time_stamp_token"]["content"]["signer_infos"][0].native  # noqa: B018  parses it
            except (ValueError, KeyError, TypeError, IndexError):
                raise IntegrityError("its answer is no time stamp") from None
            return response

    return Asking()  # type: ignore[no-untyped-call]


def _check_stamp(signed: bytes, known: TimeAuthority) -> None:
    """Check that the token in a signed PDF is over its signature, and holds."""
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415

    (signature,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    info: Any = signature.signer_info
    attributes = {one["type"].native: one["values"] for one in info["unsigned_attrs"]}
    (token,) = attributes["signature_time_stamp_token"]
    check_token(token.dump(), info["signature"].native, known, now=datetime.now(UTC))
