"""Verifies the manifest vectors without any of our code: own CBOR reader, somebody else's ECDSA.

Needs the `cryptography` package. Prints `N passed, N failed`.
"""

import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

VECTORS = pathlib.Path(__file__).parents[2] / "server/protocol/vectors/manifest_v1.json"


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
    expected = vector["content"]
    yield "visit", content[2].hex() == expected["visit"].replace("-", "")
    yield "region", content[9] == expected["region"]
    yield "photos", [p[3].hex() for p in content[15]] == [p["sha256"] for p in expected["photos"]]
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
