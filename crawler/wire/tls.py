"""TLS settings, and the facts of a live connection. Certificates are verified, always."""

import re
import ssl
from dataclasses import replace
from pathlib import Path

from archive.errors import ConfigError
from archive.model import TlsFacts

_DER = 2
"""``_ssl.ENCODING_DER``."""

_SUITE = re.compile(
    r"(?:(?P<keys>A?(?:EC)?DHE?(?:-(?:ECDSA|RSA|DSS|PSK))?|(?:RSA-)?PSK|SRP(?:-(?:RSA|DSS))?)-)?"
    r"(?:(?P<cipher>AES|ARIA|CAMELLIA)-?(?P<bits>128|256)(?:-(?P<mode>GCM|CCM8?|CBC))?|(?P<other>CHACHA20-POLY1305|NULL))"
    r"(?:-(?P<hash>SHA[0-9]*|MD5))?"
)
_KEYS = {"": "RSA", "ECDHE": "ECDHE-RSA", "ADH": "DH-anon", "AECDH": "ECDH-anon"} | {
    f"SRP{signed}": f"SRP-SHA{signed}" for signed in ("", "-RSA", "-DSS")
}
"""Where OpenSSL's word for the key exchange is not IANA's."""


class UnprovenPeerError(ssl.SSLCertVerificationError):
    """A peer whose certificate does not hold; ``facts`` has what it showed, since that is what one would ask for."""

    facts: TlsFacts


class _Witness(ssl.SSLObject):
    """The TLS side of a connection, which tells of a peer that it refuses what certificates that peer showed."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            told = UnprovenPeerError(*error.args)
            told.facts = replace(facts_of(self), is_verified=False)
            raise told from error


def make_context(ca_file: Path | None) -> ssl.SSLContext:
    """Make the context of all connections: verified chain and host name, TLS 1.2 or newer, HTTP/1.1 only.

    Raises:
        ConfigError: ``ca_file`` holds no certificates.
    """
    context = ssl.create_default_context()
    context.sslobject_class = _Witness
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"{ca_file} cannot be read as certificates: {error}",
                hint="Give --cacert a file of PEM certificates.",
            ) from error
    return context


def facts_of(connection: ssl.SSLObject | ssl.SSLSocket) -> TlsFacts:
    """Read the facts of a connection whose handshake is done, or failed; what is not known then is empty."""
    cipher = connection.cipher()
    return TlsFacts(
        version=(connection.version() or "").removeprefix("TLSv"),
        cipher=iana_name(cipher[0]) if cipher else "",
        server_name=connection.server_hostname,
        alpn=connection.selected_alpn_protocol(),
        chain=_peer_chain(connection),
        is_verified=connection.context.verify_mode is ssl.CERT_REQUIRED,
    )


def iana_name(cipher: str) -> str:
    """Give the IANA name of a cipher suite by OpenSSL's name for it; those of TLS 1.3 are the same.

    An unknown kind of name is given back as it is.
    """
    found = _SUITE.fullmatch(cipher)
    if found is None:
        return cipher
    keys = _KEYS.get(found["keys"] or "", found["keys"])
    if found["other"] is not None:
        parts = [found["other"], found["hash"] or "SHA256"]
    else:
        mode = found["mode"] or "CBC"
        parts = [
            found["cipher"],
            found["bits"],
            mode.replace("CCM8", "CCM-8"),
            *([found["hash"]] if found["hash"] else []),
        ]
        if keys == "DHE-PSK" and mode == "CCM8":
            keys = "PSK-DHE"  # the registry's own exception, RFC 6655
    return f"TLS_{keys}_WITH_{'_'.join(parts)}".replace("-", "_")


def _peer_chain(connection: ssl.SSLObject | ssl.SSLSocket) -> tuple[bytes, ...]:
    """Give the certificates as the peer sent them (DER, leaf first); the leaf alone where Python does not tell more.

    Python 3.13 tells by a public method. Before, the same method is on a private attribute: the one private name here.
    """
    ask = getattr(connection, "get_unverified_chain", None) or getattr(
        getattr(connection, "_sslobj", None), "get_unverified_chain", None
    )
    if ask is not None:
        return tuple(item if isinstance(item, bytes) else item.public_bytes(_DER) for item in ask())
    leaf = connection.getpeercert(binary_form=True)
    return (leaf,) if leaf else ()


def is_close_announced(connection: ssl.SSLObject) -> bool:
    """Whether the peer said within TLS that it closes; otherwise anybody on the way may have cut the answer off.

    RFC 9112 section 9.8 takes a body that goes on until close for cut off then. To be asked at the end only: it reads.
    """
    try:
        return not connection.read(1)
    except ssl.SSLError:
        return False
