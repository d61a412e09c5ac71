import TilikCore
import XCTest

@testable import TilikKit

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One officer's day against a running server: `TILIK_TEST_SERVER` is its address, `TILIK_TEST_OFFICER` the officer's id,
/// `TILIK_TEST_PASSWORD` everybody's first password. Everything goes through the models, as the screens do it.
@MainActor
final class OfficerDayTests: XCTestCase {
    private let phone = TestPhone()

    override func tearDown() {
        phone.remove()
    }

    func testAFindingGoesFromTheSlipToItsReceipt() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let address = environment["TILIK_TEST_SERVER"], let officer = environment["TILIK_TEST_OFFICER"],
              let password = environment["TILIK_TEST_PASSWORD"]
        else {
            throw XCTSkip("no server")
        }
        try XCTSkipUnless(phone.canSign, "no OpenSSL to sign with")
        let code = try await Supervisor(address: address, password: password).enrol(officer: officer)

        let wire = PlainWire()
        let host = host(wire, address)
        await host.refresh()
        let enrol = EnrolModel(host: host, server: nil, setServer: { _ in })
        XCTAssertTrue(enrol.scanned("tilik enrol v1\n\(PlainWire.disguised(address))\n\(code)"))
        await enrol.enrol()
        await until(host) { host.gate == .signIn }

        let signIn = SignInModel(host: host)
        signIn.username = "siti"
        signIn.password = "salah sekali benar"
        await signIn.signIn()
        await until(host) { signIn.refusal != nil }
        signIn.password = password
        await signIn.signIn()
        XCTAssertEqual(signIn.password, "", "a password is not kept")
        await until(host) { host.gate == .changePassword }

        let change = ChangePasswordModel(host: host)
        (change.old, change.new, change.again) = (password, password + " pilihan sendiri", password + " pilihan sendiri")
        await change.change()
        await until(host) { host.gate == .choosePin }

        let pin = PinCodeModel(host: host, chooses: true)
        for digit in [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6] { await pin.type(digit) }
        XCTAssertEqual(pin.trouble, Words.ofTheApp("problem_pin_too_simple"))
        for digit in [8, 2, 9, 1, 4, 7, 8, 2, 9, 1, 4, 7] { await pin.type(digit) }
        XCTAssertEqual(host.gate, .open)

        try await host.sender.sendNow()
        let finding = FindingModel(host: host)
        await until(host) {
            await finding.load()
            return !finding.villages.isEmpty
        }
        finding.chosen = finding.villages.first?.region
        let begun = await finding.begin()
        let visit = try XCTUnwrap(begun, finding.trouble ?? "")
        try await record(visit, host)

        let summary = SummaryModel(host: host, visit: visit)
        await summary.load()
        XCTAssertEqual(summary.view?.canSeal, true)
        XCTAssertEqual(summary.view?.asked, summary.view?.answered)
        await summary.seal()
        XCTAssertEqual(summary.sealed?.photos, 1, summary.trouble ?? "")

        let outbox = OutboxModel(host: host)
        await until(host) {
            await outbox.load()
            return outbox.view?.visits.first?.visit.state == .sent
        }
        let sent = try XCTUnwrap(outbox.view?.visits.first)
        XCTAssertEqual(sent.visit.photosReceived, 1)
        XCTAssertNotNil(sent.visit.receivedAt)
        XCTAssertTrue(wire.fileBodies > 0, "photos are sent from files")
        XCTAssertNil(outbox.wayText)

        host.desk.tell { $0.lock() }
        await host.refresh()
        XCTAssertEqual(host.gate, .unlock(triesLeft: 5))
        let again = PinCodeModel(host: host, chooses: false)
        for digit in [1, 1, 1, 1, 1, 2] { await again.type(digit) }
        XCTAssertEqual(host.gate, .unlock(triesLeft: 4))
        for digit in [8, 2, 9, 1, 4, 7] { await again.type(digit) }
        XCTAssertEqual(host.gate, .open)
        XCTAssertTrue(again.isDone)

        let another = PinCodeModel(host: host, chooses: true, changes: true)
        XCTAssertTrue(another.asksOld)
        for digit in [8, 2, 9, 1, 4, 7] { await another.type(digit) }
        XCTAssertFalse(another.asksOld)
        for _ in 0 ..< 2 {
            for digit in [7, 3, 9, 1, 6, 4] { await another.type(digit) }
        }
        XCTAssertTrue(another.isDone)
        XCTAssertEqual(host.gate, .open)
    }

    /// From the photo to the last answer, as the core asks for it.
    private func record(_ visit: VisitId, _ host: PhoneHost) async throws {
        let model = VisitModel(host: host, visit: visit)
        await model.goOn()
        XCTAssertEqual(model.step, .notice, "a finding begins with the family")
        await model.noticeRead()
        XCTAssertEqual(model.step, .photo)
        let camera = CameraModel(host: host, visit: visit)
        await camera.load()
        await camera.taken(jpeg: Self.flatGrey(width: 1280, height: 960), atMicros: phone.wallMicros())
        XCTAssertNil(camera.trouble)
        let taken = try XCTUnwrap(camera.last)
        XCTAssertFalse(taken.verdicts.isEmpty, "a picture of nothing is not good")
        let small = await camera.small(taken.id)
        XCTAssertEqual(small?.prefix(2), Data([0xFF, 0xD8]))

        await model.goOn()
        XCTAssertEqual(model.step, .pin)
        let pin = PinModel(host: host, visit: visit)
        await pin.begin()
        XCTAssertEqual(pin.view?.canTake, false)
        for _ in 0 ..< 5 {
            await pin.heard(
                Fix(
                    latE7: -78_164_000, lonE7: 1_120_114_000, accuracyCm: 600, altitudeCm: nil, speedCmS: nil,
                    bearingCdeg: nil, provider: "core_location", mock: false, elapsedNs: phone.elapsedNs(),
                    takenAtMicros: phone.wallMicros()))
        }
        let stands = await pin.take()
        XCTAssertTrue(stands, pin.trouble ?? "")

        await model.goOn()
        XCTAssertEqual(model.step, .questions)
        let questions = QuestionsModel(host: host, visit: visit)
        await questions.load()
        for _ in 0 ..< 40 where !questions.isDone {
            switch try XCTUnwrap(questions.current).kind {
            case .yesNo:
                await questions.choose("yes")
            case let .choice(options):
                await questions.choose(options[0].code)
            case .number:
                questions.typed = "3"
                await questions.next()
            case .text:
                questions.typed = "Gang Contoh 3"
                await questions.next()
            }
            XCTAssertNil(questions.trouble)
        }
        XCTAssertTrue(questions.isDone)
        await model.goOn()
        XCTAssertEqual(model.step, .summary)
    }

    private func host(_ wire: PlainWire, _ address: String) -> PhoneHost {
        let desk = Desk { [phone] in try phone.open() }
        let server = try? ServerAddress(typed: PlainWire.disguised(address))
        let sender = Sender(
            desk: desk, wire: wire, bodies: phone.folder.appendingPathComponent("bodies"), server: { server }, changed: {})
        wire.arrived = { await sender.arrived($0, $1) }
        return PhoneHost(desk: desk, sender: sender, words: .ofTheApp)
    }

    private func until(
        _ host: PhoneHost, _ holds: () async -> Bool, line: UInt = #line
    ) async {
        for _ in 0 ..< 300 {
            await host.refresh()
            if await holds() {
                return
            }
            await host.sender.wake()
            try? await Task.sleep(nanoseconds: 100_000_000)
        }
        XCTFail("waited in vain; gate \(host.gate), problem \(host.status?.lastProblem ?? "none")", line: line)
    }

    /// A baseline JPEG whose blocks are all alike: one code for "no difference", one for "end of block".
    private static func flatGrey(width: Int, height: Int) -> Data {
        func segment(_ marker: UInt8, _ body: [UInt8]) -> Data {
            let length = body.count + 2
            return Data([0xFF, marker, UInt8(length >> 8), UInt8(length & 0xFF)] + body)
        }
        let zeros = [UInt8](repeating: 0, count: 15)
        var jpeg = Data([0xFF, 0xD8])
        jpeg += segment(0xDB, [0] + [UInt8](repeating: 8, count: 64))
        jpeg += segment(
            0xC0, [8, UInt8(height >> 8), UInt8(height & 0xFF), UInt8(width >> 8), UInt8(width & 0xFF), 1, 1, 0x11, 0])
        jpeg += segment(0xC4, [0x00, 1] + zeros + [0])
        jpeg += segment(0xC4, [0x10, 1] + zeros + [0])
        jpeg += segment(0xDA, [1, 1, 0, 0, 63, 0])
        jpeg += Data(repeating: 0, count: (width / 8) * (height / 8) / 4)
        return jpeg + Data([0xFF, 0xD9])
    }
}

/// HTTP to a server of the tests, which has no certificate: the address is said as HTTPS and sent as HTTP.
private final class PlainWire: Wire, @unchecked Sendable {
    var arrived: (@Sendable (String, Outcome) async -> Void)?
    private(set) var fileBodies = 0

    static func disguised(_ address: String) -> String {
        address.replacingOccurrences(of: "http://", with: "https://")
    }

    func inFlight() async -> Set<String> { [] }

    func send(_ call: Call) {
        var parts = URLComponents(url: call.url, resolvingAgainstBaseURL: false)!
        parts.scheme = "http"
        var request = URLRequest(url: parts.url!)
        request.httpMethod = call.method
        for header in call.headers {
            request.setValue(header.value, forHTTPHeaderField: header.name)
        }
        switch call.body {
        case .none:
            break
        case let .bytes(bytes):
            request.httpBody = bytes
        case let .file(file, _):
            fileBodies += 1
            request.httpBody = try? Data(contentsOf: file)
        }
        let arrived = arrived
        URLSession.shared.dataTask(with: request) { body, reply, _ in
            guard let http = reply as? HTTPURLResponse else {
                Task { await arrived?(call.id, .noNetwork) }
                return
            }
            let headers = http.allHeaderFields.map { Header(name: "\($0.key)", value: "\($0.value)") }
            let response = Response(status: UInt16(http.statusCode), headers: headers, body: body ?? Data())
            Task { await arrived?(call.id, .reply(response, from: call.url)) }
        }.resume()
    }
}

/// The supervisor at the console, who lets a phone in.
private struct Supervisor {
    let address: String
    let password: String

    func enrol(officer: String) async throws -> String {
        let session = try await post("/v1/session", ["username": "koordinator", "password": password])
        let token = try XCTUnwrap(session["access_token"] as? String)
        _ = try await post(
            "/v1/me/password",
            ["event_id": UUID().uuidString, "old_password": password, "new_password": password + " pilihan sendiri"],
            token: token)
        let issued = try await post("/v1/enrolments", ["event_id": UUID().uuidString, "officer": officer], token: token)
        return try XCTUnwrap(issued["code"] as? String)
    }

    private func post(_ path: String, _ body: [String: String], token: String? = nil) async throws -> [String: Any] {
        var request = URLRequest(url: try XCTUnwrap(URL(string: address + path)))
        request.httpMethod = "POST"
        request.httpBody = try JSONSerialization.data(withJSONObject: body)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let token {
            request.setValue("Bearer " + token, forHTTPHeaderField: "Authorization")
        }
        let prepared = request
        let data = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Data, Error>) in
            URLSession.shared.dataTask(with: prepared) { data, reply, error in
                if let data, let http = reply as? HTTPURLResponse, http.statusCode < 300 {
                    continuation.resume(returning: data)
                } else {
                    continuation.resume(throwing: error ?? URLError(.badServerResponse))
                }
            }.resume()
        }
        return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
    }
}
