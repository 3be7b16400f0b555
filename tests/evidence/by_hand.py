"""The eight checks of docs/how-to/for-opposing-experts.md, from that page alone: Python's own library and openssl.

``python -I -S by_hand.py FOLDER [root=HEX] [log=HEX] [tsa=HEX]... [checkpoint=FILE]`` prints a line for each fault,
then the numbers of the checks that failed. It imports nothing of vigil, and nothing that pip installs.
"""

# ruff: noqa: T201  it prints

import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

TOP = Path(sys.argv[1])
WORDS = [word.partition("=") for word in sys.argv[2:]]
PUBLISHED = {role: {value for name, _, value in WORDS if name == role} for role in ("root", "log", "tsa")}
OUTSIDE = next((Path(value).read_bytes() for name, _, value in WORDS if name == "checkpoint"), None)
LIST = "PACKAGE.SHA256SUMS"
SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410)."""
SCRATCH = Path(tempfile.mkdtemp())
ENV = {**os.environ, "SSL_CERT_DIR": str(SCRATCH), "SSL_CERT_FILE": str(SCRATCH / "none"), "OPENSSL_CONF": "/dev/null"}
failed: set[int] = set()


def fault(check: int, *words: object) -> None:
    failed.add(check)
    print(check, *words)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read(name: str) -> bytes:
    try:
        return (TOP / name).read_bytes()
    except OSError:
        return b""


def openssl(*words: object, data: bytes | None = None) -> bytes | None:
    done = subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=False, env=ENV)
    return done.stdout if done.returncode == 0 else None


def seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() if time else 0.0


def certificates(name: str) -> list[bytes]:
    pems = re.findall(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", read(name), re.DOTALL)
    return [base64.b64decode(pem) for pem in pems]


def lines_of(data: bytes) -> dict[str, str] | None:
    rows = [
        re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]*)", row)
        for row in data.decode("latin-1").split("\n")[:-1]
    ]
    names = [row[2] for row in rows if row]
    if not data.endswith(b"\n") or None in rows or names != sorted(set(names)):
        return None
    return {row[2]: row[1] for row in rows if row}


# 1 keys
for file, role in [
    ("trust/root.crt", "root"),
    *((f"trust/{one.name}", "tsa") for one in (TOP / "trust").glob("tsa-*.pem")),
]:
    for der in certificates(file):
        if PUBLISHED[role] and sha(der) not in PUBLISHED[role]:
            fault(1, file, sha(der), "was not published")
if len(certificates("trust/root.crt")) != 1:
    fault(1, "not one root")
VKEYS = read("trust/log.vkey").decode().splitlines()
KEYS = {}
for vkey in VKEYS:
    if PUBLISHED["log"] and sha(vkey.encode()) not in PUBLISHED["log"]:
        fault(1, vkey, "was not published")
    ORIGIN, hint, key = vkey.split("+", 2)
    raw = base64.b64decode(key)
    if sha(ORIGIN.encode() + b"\n" + raw)[:8] != hint or raw[:1] != b"\x01":
        fault(1, vkey, "is no key of a log")
    KEYS[ORIGIN, bytes.fromhex(hint)] = raw[1:]

# 2 files
there = {str(one.relative_to(TOP)): one for one in TOP.rglob("*") if one.is_symlink() or not one.is_dir()}
own = {name for name in there if re.fullmatch(rf"{LIST}(\.p7s|\.[a-z0-9-]{{1,32}}\.tst)?", name)}
listed = lines_of(read(LIST))
if any(one.is_symlink() for one in there.values()):
    fault(2, "a link")
if listed != {name: sha(read(name)) for name in there if name not in own}:
    fault(2, "the files are not those of the list")

# 3 time
claim = json.loads(read("claim.json") or b"{}")
custody = read("custody.jsonl").decode()
seals = {
    one.name: json.loads(read(f"seals/{one.name}/provenance/run.json") or b"{}") for one in (TOP / "seals").glob("*")
}


def stamp(name: str, data: bytes, who: str) -> float | None:
    info = SCRATCH / "info"
    info.unlink(missing_ok=True)
    openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", TOP / name, "-out", info)
    told = (openssl("asn1parse", "-inform", "DER", "-in", info) or b"").decode() if info.exists() else ""
    time = re.search(r"GENERALIZEDTIME\s*:(\d{14})", told)
    imprint = re.search(r"OCTET STRING\s*\[HEX DUMP\]:(\w+)", told)
    if time is None or imprint is None or imprint[1].lower() != sha(data):
        fault(3, name, "is over other bytes, or no time stamp")
        return None
    at = datetime.strptime(time[1] + "Z", "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
    words = ("-inform", "DER", "-in", TOP / name, "-CAfile", TOP / f"trust/tsa-{who}.pem", "-purpose", "timestampsign")
    if openssl("cms", "-verify", *words, "-attime", int(at), "-out", os.devnull) is None:
        fault(3, name, "is not by that authority")
        return None
    if at > datetime.now(UTC).timestamp() + 60:
        fault(3, name, "is of the future")
        return None
    return at


roots = [sha(der) for one in (TOP / "trust").glob("tsa-*.pem") for der in certificates(f"trust/{one.name}")]
if len(set(roots)) != len(roots):
    fault(3, "two authorities with one root")
times: dict[tuple[str, str], list[float]] = {}
for seal in seals:
    for over in ("SHA256SUMS", "SHA256SUMS.p7s"):
        found = {}
        for token in (TOP / "seals" / seal).glob(f"{over}.*.tst"):
            who = token.name.removeprefix(f"{over}.").removesuffix(".tst")
            if not who.startswith("p7s."):
                found[who] = stamp(f"seals/{seal}/{token.name}", read(f"seals/{seal}/{over}"), who)
        held = {who: at for who, at in found.items() if at is not None}
        event = '"kind":"stamp-owed","subject":"%s","details":{"authority":"%s","over":"%s"'
        prompt = [at for who, at in held.items() if event % (seal, who, over) not in custody]
        if len(held) < 2 or (prompt and max(prompt) - min(prompt) > 600):
            fault(3, seal, over, "has not the time stamps of two authorities that agree")
        times[seal, over] = sorted(held.values())
for name in own:
    if name.endswith(".tst"):
        at = stamp(name, read(LIST), name.removeprefix(f"{LIST}.").removesuffix(".tst"))
        if at is not None and abs(at - seconds(claim.get("exported_at", ""))) > 600:
            fault(3, name, "is not of the time of export")

# 4 signatures
signed = [
    (f"seals/{seal}/SHA256SUMS", next(iter(times[seal, "SHA256SUMS.p7s"]), datetime.now(UTC).timestamp()))
    for seal in seals
]
for name, at in [*signed, (LIST, seconds(claim.get("exported_at", "")))]:
    words = ("-inform", "DER", "-in", TOP / f"{name}.p7s", "-content", TOP / name, "-CAfile", TOP / "trust/root.crt")
    if openssl("cms", "-verify", "-binary", *words, "-purpose", "any", "-attime", int(at), "-out", os.devnull) is None:
        fault(4, name, "is not signed by the archive")

for seal in seals:
    for name in ("SHA256SUMS", "SHA256SUMS.p7s", "provenance/run.json", "log.tlog-proof"):
        if f"seals/{seal}/{name}" not in there:
            fault(4, seal, "has no", name)

# 5 sealed
records = sorted(name for name in there if name.startswith("records/"))
sealed_name = {name: re.sub(r"^records/\d{3}-", "records/", name) for name in records}
sums = {seal: lines_of(read(f"seals/{seal}/SHA256SUMS")) or {} for seal in seals}
for name in records:
    if sha(read(name)) not in [lines.get(sealed_name[name]) for lines in sums.values()]:
        fault(5, name, "was not sealed")
for seal, lines in sums.items():
    provenance = {
        name: sha(read(f"seals/{seal}/{name}"))
        for name in (f"provenance/{one.name}" for one in (TOP / "seals" / seal / "provenance").glob("*"))
    }
    if provenance != {name: digest for name, digest in lines.items() if name.startswith("provenance/")}:
        fault(5, seal, "provenance is not what was sealed")
    if not set(lines) & set(sealed_name.values()):
        fault(5, seal, "is a seal of none of the records")

# 6 records
if b"".join(read(name) for name in records) != read("evidence.warc.gz"):
    fault(6, "evidence.warc.gz is not the records, one by one")


def fields(text: bytes) -> list[tuple[str, str]]:
    parts = (line.partition(": ") for line in text.decode("utf-8", "replace").split("\r\n"))
    return [(name, value) for name, colon, value in parts if colon]


heads, blocks, where = {}, {}, {}
for name in records:
    try:
        head, _, block = gzip.decompress(read(name)).partition(b"\r\n\r\n")
    except (OSError, EOFError):
        fault(6, name, "cannot be read")
        continue
    one = dict(reversed(fields(head)))
    heads[one["WARC-Record-ID"]], blocks[one["WARC-Record-ID"]], where[one["WARC-Record-ID"]] = one, block, name
metadata = {record: fields(blocks[record]) for record, one in heads.items() if one["WARC-Type"] == "metadata"}
needed = {claim.get("metadata_id"), claim.get("page_id"), *(one.get("WARC-Warcinfo-ID") for one in heads.values())}
captures: set[str] = set()
for notes in metadata.values():
    for name, value in notes:
        ids = value.split(" ")
        needed |= set(ids) if name == "vigil-records" else set()
        needed |= {ids[-1]} if name == "tls-certificate" else set()
        place = {"vigil-original": -2, "vigil-page": -1, "vigil-member": 3}.get(name)
        captures |= {ids[place]} if place is not None else set()
needed = (needed | captures) - {None, ""}
told_by = {record: dict(reversed(notes)) for record, notes in metadata.items()}
mine = told_by.get(claim.get("metadata_id"), {})
own_records = mine.get("vigil-records", "").split(" ")
pages = {record: notes["vigil-page"].split(" ")[-1] for record, notes in told_by.items() if "vigil-page" in notes}
others = [notes for record, notes in told_by.items() if record != claim.get("metadata_id") and record not in pages]
if needed != set(heads) or len(heads) != len(records) or len(others) != len(captures - set(own_records)):
    fault(6, "a record is missing, or too much")
if captures - set(own_records) - {one for notes in others for one in notes.get("vigil-records", "").split(" ")}:
    fault(6, "an original, or what the page needs, is not there whole")
if list(pages) != ([claim["page_id"]] if claim.get("page_id") else []):
    fault(6, "the page record is not the one that is claimed")
payloads = {heads[record].get("WARC-Payload-Digest") for record in own_records if record in heads} - {None}
for of in pages.values():
    if of not in own_records and heads.get(of, {}).get("WARC-Payload-Digest") not in payloads:
        fault(6, "the page record is of another page")
main = heads.get(claim.get("record_id"), {})
if not main or claim["record_id"] not in mine.get("vigil-records", "").split(" "):
    fault(6, "the record of the claim is missing")
else:
    status = (
        blocks[claim["record_id"]].split(b" ", 2)[1].decode("latin-1").split("\r")[0]
        if main["WARC-Type"] in {"response", "revisit"}
        else ""
    )
    seal = next((seal for seal, lines in sums.items() if sealed_name[where[claim["record_id"]]] in lines), "")
    proved = next(iter(times.get((seal, "SHA256SUMS"), [])), None)
    says = {
        "format": "vigil-evidence-1",
        "url": main.get("WARC-Target-URI", ""),
        "captured_at": main["WARC-Date"],
        "kind": mine.get("vigil-kind", ""),
        "status": status,
        "server_ip": main.get("WARC-IP-Address", ""),
        "payload_sha256": main.get("WARC-Payload-Digest", "").removeprefix("sha256:"),
        "run": mine.get("vigil-run", ""),
        "route": dict(reversed(fields(blocks[main["WARC-Warcinfo-ID"]]))).get("vigil-route", "site")
        if main["WARC-Warcinfo-ID"] in blocks
        else "",
        "seal": seal,
        "proved_by": datetime.fromtimestamp(proved, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if proved else "",
    }
    for name, value in says.items():
        if claim.get(name) != value:
            fault(6, "claim.json:", name, "is not", value)
    if seconds(main["WARC-Date"]) > (proved or 0) + 600:
        fault(6, "captured after it was stamped")
for seal, run in seals.items():
    if seal != (run.get("run") if run.get("parts") == 1 else f"{run.get('run')}.part{run.get('part')}"):
        fault(6, seal, "has provenance of another run")


# 7 log
def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(tree(leaves[:half]), tree(leaves[half:]))


def checkpoint(note: bytes) -> tuple[int, bytes] | None:
    text, _, signatures = note.partition(b"\n\n")
    origin, size, root = (*text.decode().split("\n"), "", "", "")[:3]
    for line in signatures.decode().splitlines():
        _, name, data = (*line.split(" "), "", "")[:3]
        raw = base64.b64decode(data)
        key = KEYS.get((name, raw[:4]))
        if key is None or name != origin:
            continue
        for file, content in {"key": SPKI + key, "text": text + b"\n", "sig": raw[4:]}.items():
            (SCRATCH / file).write_bytes(content)
        words = (
            "-keyform",
            "DER",
            "-inkey",
            SCRATCH / "key",
            "-rawin",
            "-in",
            SCRATCH / "text",
            "-sigfile",
            SCRATCH / "sig",
        )
        if openssl("pkeyutl", "-verify", "-pubin", *words) is not None:
            return int(size), base64.b64decode(root)
    return None


state, places = None, []
for seal in seals:
    head, _, note = read(f"seals/{seal}/log.tlog-proof").partition(b"\n\n")
    first, second, *hashes = (*head.decode().split("\n"), "")[: head.count(b"\n") + 1 or 2] if head else ("", "")
    state = checkpoint(note)
    if first != "c2sp.org/tlog-proof@v1" or not second.startswith("index ") or state is None:
        fault(7, seal, "no proof, or no log key signed it")
        continue
    index, (size, root) = int(second.split()[1]), state
    places.append(index)
    # RFC 9162, 2.1.3.2
    r, fn, sn = hashlib.sha256(b"\x00" + read(f"seals/{seal}/SHA256SUMS")).digest(), index, size - 1
    is_sound = fn <= sn
    for p in map(base64.b64decode, hashes):
        is_sound = is_sound and sn > 0
        if fn % 2 or fn == sn:
            r = node(p, r)
            while fn and not fn % 2:
                fn, sn = fn // 2, sn // 2
        else:
            r = node(r, p)
        fn, sn = fn // 2, sn // 2
    if not is_sound or sn or r != root:
        fault(7, seal, "is not in the log")
if OUTSIDE is not None and state is not None:
    leaves, outer = [bytes.fromhex(line) for line in read("log-leaves").decode().split()], checkpoint(OUTSIDE)
    if (
        (len(leaves), tree(leaves)) != state
        or outer is None
        or outer[0] > len(leaves)
        or tree(leaves[: outer[0]]) != outer[1]
    ):
        fault(7, "the checkpoint from outside is of another history")
    elif max(places, default=0) >= outer[0]:
        fault(7, "the checkpoint from outside is older than the seal")


# 8 custody
def place_of(seal: str) -> int:
    found = re.match(rb"[^\n]*\nindex (\d{1,16})\n", read(f"seals/{seal}/log.tlog-proof"))
    return int(found[1]) if found else 0


heads_of = [run.get("custody") for _, run in sorted(seals.items(), key=lambda one: place_of(one[0]))]
previous, chain, last = (heads_of or [None])[0], {(heads_of or [None])[0]}, {}
for line in read("custody.jsonl").splitlines(keepends=True):
    last = json.loads(line)
    if last.get("previous") != previous:
        fault(8, "an event is not bound to the one before")
        break
    previous = sha(line)
    chain.add(previous)
if (
    not set(heads_of) <= chain
    or last.get("kind") != "exported"
    or last["details"].get("claim") != sha(read("claim.json"))
):
    fault(8, "the chain is not whole, or does not end with this export")

print("FAILED" if failed else "VERIFIED", *sorted(failed))
