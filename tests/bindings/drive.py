"""Plays the phone's shell in Python: ports, HTTP, one visit from enrolment to the receipt.

drive.py ADDRESS OFFICER PASSWORD FOLDER COUNTS. Writes `passed failed` into COUNTS. Needs `cryptography`.
"""

import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tilik import tilik_mobile_core as core
from tilik import tilik_protocol as words

ADDRESS, OFFICER, PASSWORD, FOLDER, COUNTS = sys.argv[1:]
CHOSEN = PASSWORD + " pilihan sendiri"
VILLAGE = "35.71.03.1009"
NAME = "Ibu Cendana Wulandari"
passed = failed = 0


def check(what, holds):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(("ok      " if holds else "FAILED  ") + what)


def jpeg(width=1280, height=960):
    """A grey house of flat 8 x 8 blocks: baseline JPEG with DC coefficients only, and EXIF as a camera writes it."""
    lengths = [0, 1, 5, 1, 1, 1, 1, 1, 1]
    codes, code, size = {}, 0, 0
    for bits, count in enumerate(lengths, 1):
        for _ in range(count):
            codes[size] = format(code, f"0{bits}b")
            code, size = code + 1, size + 1
        code <<= 1

    def segment(marker, body):
        return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body

    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0"
    out = b"\xff\xd8" + segment(0xE1, exif)
    out += segment(0xDB, b"\0" + bytes([8] * 64))
    out += segment(0xC0, b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\1\1\x11\0")
    out += segment(0xC4, b"\0" + bytes(lengths + [0] * 7) + bytes(range(12)))
    # One AC code: end of block.
    out += segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
    out += segment(0xDA, b"\1\1\0\0\x3f\0")
    bits, before = [], 0
    for y in range(height // 8):
        for x in range(width // 8):
            u, v = x * 8000 // width, y * 8000 // height
            if v > 6500:
                grey = 90 + (x * 7 + y * 13) % 40
            elif v > 3200 and 1000 < u < 7000:
                grey = 60 if 3500 < u < 4500 and v > 4200 else 190 - (x % 4 == 0) * 60
            elif v > 1500 and abs(u - 4000) < v:
                grey = 120 - (y % 3) * 25
            else:
                grey = 220
            value = grey - 128
            step, before = value - before, value
            size = abs(step).bit_length()
            bits.append(codes[size])
            if size:
                bits.append(format(step if step > 0 else step + (1 << size) - 1, f"0{size}b"))
            bits.append("0")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    coded = int(text, 2).to_bytes(len(text) // 8, "big")
    return out + coded.replace(b"\xff", b"\xff\0") + b"\xff\xd9"


class Phone(core.Clock, core.MonotonicClock, core.Rng, core.FreeSpace, core.Signer, core.Keys):
    """All ports; the key as a phone without a keystore would have it."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(32)

    def wall_micros(self):
        return time.time_ns() // 1000

    def auto_time(self):
        return True

    def elapsed_ns(self):
        return time.monotonic_ns()

    def boot_id(self):
        return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    def boot_count(self):
        return None

    def fill(self, len):
        return os.urandom(len)

    def free_bytes(self):
        return 1 << 34

    def total_bytes(self):
        return 1 << 36

    def public_key(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    def sign(self, message):
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def level(self):
        return "software"

    def database_key(self):
        return self.secret

    def new_database_key(self):
        raise core.PortError.Failed()


def send(method, path, headers, body):
    request = urllib.request.Request(ADDRESS + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, list(reply.headers.items()), reply.read()
    except urllib.error.HTTPError as error:
        return error.code, list(error.headers.items()), error.read()


def ask(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    status, _, reply = send(method, path, headers, None if body is None else json.dumps(body).encode())
    assert status < 300, (method, path, status, reply)
    return json.loads(reply) if reply else None


def body_of(request):
    body = request.body
    if body.is_FILE():
        with open(body.path, "rb") as file:
            file.seek(body.offset)
            return file.read(body.length)
    return body.bytes if body.is_BYTES() else None


def settle(app, until, seconds=30):
    """Sends what the core asks for until `until` holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for request in app.next_requests(4):
            headers = {header.name: header.value for header in request.headers}
            status, came, reply = send(request.method, request.path, headers, body_of(request))
            came = [core.Header(name=name, value=value) for name, value in came]
            app.on_response(request.id, core.Response(status=status, headers=came, body=reply))
        if until():
            return True
        time.sleep(min(app.wait_s(), 1) or 0.05)
    return False


def refusal(act, kind):
    try:
        act()
    except kind as error:
        return error
    return None


def run():
    supervisor = ask("POST", "/v1/session", {"username": "koordinator", "password": PASSWORD})["access_token"]
    chosen = {"event_id": str(uuid.uuid4()), "old_password": PASSWORD, "new_password": CHOSEN}
    ask("POST", "/v1/me/password", chosen, supervisor)
    issued = ask(
        "POST", "/v1/enrolments", {"event_id": str(uuid.uuid4()), "officer": OFFICER}, supervisor
    )

    phone = Phone()
    ports = core.Ports(clock=phone, monotonic=phone, rng=phone, space=phone, signer=phone, keys=phone)
    info = core.AppInfo(
        version="0.1.0", build="1", phone_name="Python", dev_options=None, adb=None, debugger=None,
        hooked=None, rooted=None,
    )
    app = core.FieldApp.open(FOLDER, info, ports)
    begin = core.BeginVisit(case=None, kind=words.VisitKind.FINDING, region=VILLAGE, training=False)
    check("before enrolment no visit begins", refusal(lambda: app.begin_visit(begin), core.CoreError.NotEnrolled))
    app.enrol(issued["code"])
    check("the phone enrols with the code", settle(app, lambda: app.status().enrolled))
    app.sign_in("siti", "salah sekali benar")
    settle(app, lambda: app.status().last_problem is not None and not app.status().busy, 5)
    check("a wrong password does not sign in", not app.status().signed_in)
    app.sign_in("siti", PASSWORD)
    check("the right one does", settle(app, lambda: app.status().signed_in))
    check("a password that somebody else chose is told", settle(app, lambda: app.status().password_change_required))
    app.change_password(PASSWORD, CHOSEN)
    check("choosing another lets it go on", settle(app, lambda: not app.status().password_change_required))
    app.send_now()
    check("a round brings the server's time", settle(app, lambda: app.status().last_sync_at is not None))
    check("the clocks agree", app.status().clock is None)
    check("no case is assigned", app.assignments() == [])

    visit = app.begin_visit(begin)
    check("the first step is a photo", app.draft(visit).step == core.DraftStep.FRONT_PHOTO)
    lacks = refusal(lambda: app.seal(visit), core.CoreError.Incomplete)
    check("an empty visit is not sealed", lacks and words.Missing.ANY_PHOTO in lacks.missing)
    bad = refusal(
        lambda: app.add_photo(visit, core.NewPhoto(kind=words.PhotoKind.HOUSE_FRONT, jpeg=b"GIF89a", taken_at_micros=1)),
        core.CoreError.BadPhoto,
    )
    check("what is no photo is named", bad and bad.problem == "not_jpeg")
    taken = app.add_photo(
        visit,
        core.NewPhoto(kind=words.PhotoKind.HOUSE_FRONT, jpeg=jpeg(), taken_at_micros=phone.wall_micros()),
    )
    check("a drawn photo is taken", (taken.width, taken.height) == (1280, 960))
    check("it has a view", (app.photo_view(taken.id) or b"").startswith(b"\xff\xd8"))
    fix = core.Fix(
        lat_e7=-78164000, lon_e7=1120114000, accuracy_cm=600, altitude_cm=None, speed_cm_s=None,
        bearing_cdeg=None, provider="gps", mock=False, elapsed_ns=phone.elapsed_ns(),
        taken_at_micros=phone.wall_micros(),
    )
    app.set_pin(visit, core.NewPin(fixes=[fix, fix], source="gnss", reason=None))
    wrong = refusal(lambda: app.answer(visit, "gold", "1"), core.CoreError.Refused)
    check("an unknown question is refused by its code", wrong and wrong.code == "unknown_question")
    for question, answer in [("what", "family"), ("name", NAME), ("address", "Gang Contoh 3")]:
        app.answer(visit, question, answer)
    app.notice_read(visit)
    check("nothing is missing", app.draft(visit).step == core.DraftStep.READY)

    # The app is killed and opened again.
    del app
    app = core.FieldApp.open(FOLDER, info, ports)
    check("the draft survives", app.draft(visit).step == core.DraftStep.READY)
    sealed = app.seal(visit)
    check("the visit is sealed", (sealed.seq, sealed.photos) == (1, 1))
    readable = [
        path for path in pathlib.Path(FOLDER).rglob("*") if path.is_file()
        and any(canary in path.read_bytes() for canary in (NAME.encode(), b"\xff\xd8\xff"))
    ]
    check("nothing of it can be read on the phone", readable == [])

    def arrived():
        newest = app.outbox()[0]
        return newest.visit == visit and newest.photos_received == newest.photos_total == 1

    app.send_now()
    check("manifest and photo arrive, with their receipts", settle(app, arrived))
    check("the outbox says so", app.outbox()[0].state.is_SENT())
    devices = ask("GET", "/v1/devices", token=supervisor)
    check("the supervisor sees the phone", "Python" in json.dumps(devices))
    app.sign_out()
    check("signing out is told", settle(app, lambda: not app.status().signed_in, 5))
    again = refusal(lambda: app.begin_visit(begin), core.CoreError.SignInAgain)
    check("and ends new visits", again is not None)


try:
    run()
except Exception as error:  # noqa: BLE001: whatever it is, it is one failed check with its trace
    import traceback

    traceback.print_exc()
    check(f"no surprise ({type(error).__name__})", False)
pathlib.Path(COUNTS).write_text(f"{passed} {failed}\n")
sys.exit(failed != 0)
