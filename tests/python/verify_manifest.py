"""Verifies the manifest vectors without any of our code: own CBOR reader, somebody else's ECDSA.

The fields are read by the tables of MANIFEST.md, so that page is shown to be enough.
Needs the `cryptography` package. Prints `N passed, N failed`.
"""

import datetime
import hashlib
import json
import pathlib
import sys
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

PROTOCOL = pathlib.Path(__file__).parents[2] / "server/protocol"
VECTORS = PROTOCOL / "vectors/manifest_v1.json"
PAGE = PROTOCOL / "MANIFEST.md"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def read(data, at=0):
    """One CBOR item: returns (value, next position). Only what a manifest may hold."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info < 24:
        number = info
    elif info <= 27:
        width = 1 << (info - 24)
        number = int.from_bytes(data[at : at + width], "big")
        at += width
        assert number >= (24 if width == 1 else 1 << (4 * width)), "not the shortest form"
    else:
        raise ValueError("indefinite length")
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major == 2:
        return data[at : at + number], at + number
    if major == 3:
        return data[at : at + number].decode(), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = read(data, at)
            items.append(item)
        return items, at
    if major == 5:
        entries, last = {}, None
        for _ in range(number):
            key, at = read(data, at)
            assert last is None or key > last, "keys not ascending"
            last = key
            entries[key], at = read(data, at)
        return entries, at
    if major == 6:
        value, at = read(data, at)
        return (number, value), at
    if major == 7 and number in (20, 21):
        return number == 21, at
    raise ValueError("not allowed in a manifest")


def write_bytes(value):
    head = bytes([0x40 | len(value)]) if len(value) < 24 else (
        b"\x58" + bytes([len(value)]) if len(value) < 256 else b"\x59" + len(value).to_bytes(2, "big"))
    return head + value


def tables():
    """The field tables of the page: {table: {key: (name, type)}}."""
    found, rows = {}, None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            rows = found.setdefault(line[3:], {})
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if rows is not None and cells[0].isdigit():
            rows[int(cells[0])] = (cells[1].strip("`"), cells[2])
    return found


def instant(text):
    """Microseconds since 1970 of an RFC 3339 text."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at - epoch) // datetime.timedelta(microseconds=1)


def agrees(page, kind, value, told):
    """Whether a value from the payload is of the page's type and is what the vector tells in JSON."""
    if kind.startswith("list of "):
        return isinstance(value, list) and len(value) == len(told) and all(
            agrees(page, kind[8:], item, of) for item, of in zip(value, told))
    if kind in page:
        rows = page[kind]
        if not isinstance(value, dict) or not set(value) <= set(rows):
            return False
        if {name for name, _ in rows.values()} != set(told):
            return False
        for key, (name, of) in rows.items():
            if key not in value:
                if not of.endswith("?") or told[name] is not None:
                    return False
            elif not agrees(page, of.rstrip("?"), value[key], told[name]):
                return False
        return True
    if kind == "id":
        return isinstance(value, bytes) and uuid.UUID(bytes=value) == uuid.UUID(told)
    if kind == "hash":
        return isinstance(value, bytes) and len(value) == 32 and value.hex() == told
    if kind == "instant":
        return type(value) is int and value == instant(told)
    if kind in ("text", "word"):
        return isinstance(value, str) and value == told
    if kind == "bool":
        return isinstance(value, bool) and value == told
    bits = int(kind[1:])
    low, high = (0, 1 << bits) if kind[0] == "u" else (-1 << (bits - 1), 1 << (bits - 1))
    return type(value) is int and low <= value < high and value == told


def check(vector):
    cose = bytes.fromhex(vector["cose"])
    (tag, (protected, unprotected, payload, signature)), end = read(cose)
    yield "tag 18, nothing after", tag == 18 and end == len(cose)
    yield "unprotected header is empty", unprotected == {}
    header, _ = read(protected)
    yield "ES256", header[1] == -7
    content, end = read(payload)
    yield "payload", payload.hex() == vector["payload"] and end == len(payload)
    yield "version 1", content[1] == 1
    yield "key id is the device", header[4] == content[3]
    page = tables()
    told = vector["content"]
    yield "every field is as the page says", agrees(page, "Manifest", content, told)
    yield "another content is noticed", not agrees(page, "Manifest", content, dict(told, seq=told["seq"] + 1))
    to_be_signed = b"\x84\x6aSignature1" + write_bytes(protected) + b"\x40" + write_bytes(payload)
    yield "Sig_structure", to_be_signed.hex() == vector["to_be_signed"]
    yield "chain hash", hashlib.sha256(cose).hexdigest() == vector["chain_hash"]
    key = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), bytes.fromhex(vector["public_key"]))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")

    def verifies(message):
        try:
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
            return True
        except InvalidSignature:
            return False

    yield "signature", verifies(to_be_signed)
    yield "signature refuses another message", not verifies(to_be_signed[:-1] + b"\xff")
    yield "s is the lower one", s <= ORDER // 2
    flipped = (ORDER - s).to_bytes(32, "big")
    yield "the refused one has the other s", vector["refused"] == (cose[:-32] + flipped).hex()


def main():
    passed = failed = 0
    for vector in json.loads(VECTORS.read_text()):
        for name, holds in check(vector):
            passed, failed = passed + holds, failed + (not holds)
            if not holds:
                print(f"NOT OK  {vector['name']}: {name}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0 or passed == 0)


if __name__ == "__main__":
    main()
