import Dispatch
import TilikCore
import XCTest

@testable import TilikKit

/// The sender against the real core; only the network is the test's.
final class SenderTests: XCTestCase {
    private let phone = TestPhone()
    private let wire = TestWire()
    private let server = try? ServerAddress(typed: "tilik.kota.go.id")

    override func tearDown() {
        phone.remove()
    }

    private func sender(_ desk: Desk, _ wire: TestWire, knowsServer: Bool = true) -> Sender {
        let server = knowsServer ? server : nil
        return Sender(
            desk: desk, wire: wire, bodies: phone.folder.appendingPathComponent("bodies"), server: { server }, changed: {})
    }

    /// A phone that has just asked to be enrolled.
    private func enrolling(_ wire: TestWire) async throws -> (desk: Desk, sender: Sender, call: Call) {
        let desk = Desk { [phone] in try phone.open() }
        let sender = sender(desk, wire)
        try await desk.ask { try $0.enrol(code: "ABCDE23456") }
        await sender.wake()
        return (desk, sender, try XCTUnwrap(wire.sent.first))
    }

    private func problem(_ desk: Desk) async throws -> String? {
        try await desk.ask { try $0.status() }.lastProblem
    }

    func testARequestOfTheCoreBecomesACallToTheCitysServer() async throws {
        let (_, sender, call) = try await enrolling(wire)
        XCTAssertEqual(call.method, "POST")
        XCTAssertTrue(call.url.absoluteString.hasPrefix("https://tilik.kota.go.id/v1/"), call.url.absoluteString)
        guard case let .bytes(body) = call.body else {
            return XCTFail("an enrolment has a body")
        }
        XCTAssertTrue(String(decoding: body, as: UTF8.self).contains("ABCDE23456"))
        let state = await sender.state
        XCTAssertEqual(state, .sending)
    }

    func testWhatIsOnItsWayIsNotSentTwice() async throws {
        let (_, sender, _) = try await enrolling(wire)
        await sender.wake()
        await sender.wake()
        XCTAssertEqual(wire.sent.count, 1)
    }

    func testWithoutAnAddressNothingIsSent() async throws {
        let desk = Desk { [phone] in try phone.open() }
        let sender = sender(desk, wire, knowsServer: false)
        try await desk.ask { try $0.enrol(code: "ABCDE23456") }
        await sender.wake()
        XCTAssertTrue(wire.sent.isEmpty)
        let state = await sender.state
        XCTAssertEqual(state, .noServer)
    }

    func testAfterAStartWhatTheSystemStillCarriesIsNotSentAgainAndItsAnswerIsHeard() async throws {
        let call = try await enrolling(wire).call
        let later = TestWire()
        later.carried = [call.id]
        let desk = Desk { [phone] in try phone.open() }
        let sender = sender(desk, later)
        await sender.wake()
        XCTAssertTrue(later.sent.isEmpty)
        let problem = #"{"type":"-","title":"-","status":404,"detail":"-","code":"not_found","request_id":"-"}"#
        await sender.arrived(call.id, .json(404, problem))
        let heard = try await self.problem(desk)
        XCTAssertEqual(heard, "not_found")
    }

    func testAfterAStartWhatTheSystemLostIsSentAgainUnderItsId() async throws {
        let call = try await enrolling(wire).call
        let later = TestWire()
        let sender = sender(Desk { [phone] in try phone.open() }, later)
        await sender.wake()
        XCTAssertEqual(later.sent.map(\.id), [call.id])
    }

    func testASignInPageOfTheNetworkEnrolsNobodyAndIsSaid() async throws {
        let (desk, sender, call) = try await enrolling(wire)
        await sender.arrived(call.id, .page(200, from: call.url))
        let status = try await desk.ask { try $0.status() }
        XCTAssertFalse(status.enrolled)
        let state = await sender.state
        XCTAssertEqual(state, .portal)
    }

    func testAReplyFromElsewhereIsNoReply() async throws {
        let (desk, sender, call) = try await enrolling(wire)
        await sender.arrived(call.id, .json(200, "{}", from: URL(string: "https://hotspot.example/login")))
        let state = await sender.state
        XCTAssertEqual(state, .portal)
        let heard = try await problem(desk)
        XCTAssertEqual(heard, "no_network")
    }

    func testARedirectIsNotFollowedAndIsNoReply() async throws {
        let (desk, sender, call) = try await enrolling(wire)
        await sender.arrived(call.id, .json(302, "", from: call.url))
        let heard = try await problem(desk)
        XCTAssertEqual(heard, "no_network")
    }

    func testAWrongCertificateIsNoNetworkForTheCoreAndSaidToTheOfficer() async throws {
        let (desk, sender, call) = try await enrolling(wire)
        await sender.arrived(call.id, .badCertificate)
        let heard = try await problem(desk)
        XCTAssertEqual(heard, "no_network")
        let state = await sender.state
        XCTAssertEqual(state, .badCertificate)
    }

    func testAnAnswerThatNobodyWaitsForChangesNothing() async throws {
        let (desk, sender, _) = try await enrolling(wire)
        await sender.arrived("nobody", .json(500, "{}"))
        let heard = try await problem(desk)
        XCTAssertNil(heard)
        let status = try await desk.ask { try $0.status() }
        XCTAssertTrue(status.busy)
    }

    func testAStoreThatDidNotOpenIsOpenedAtTheNextCall() async throws {
        phone.isLocked = true
        let desk = Desk { [phone] in try phone.open() }
        do {
            _ = try await desk.ask { try $0.status() }
            // A build without encryption reads the key only when it is needed.
        } catch {
            XCTAssertTrue(error is CoreError)
        }
        phone.isLocked = false
        let status = try await desk.ask { try $0.status() }
        XCTAssertFalse(status.enrolled)
    }

    func testASettlingSenderWaitsWhileTheCoreStillHearsAnAnswer() async throws {
        let (desk, sender, call) = try await enrolling(wire)
        let round = Round(sender)
        try await pause()
        let core = SlowCore(desk)
        // Nothing is on its way any more, but the core has not heard the answer yet: what it says may be the next request.
        Task { await sender.arrived(call.id, .page(200, from: call.url)) }
        try await pause()
        XCTAssertFalse(round.isOver)
        core.goOn()
        await round.end()
        let state = await sender.state
        XCTAssertEqual(state, .portal)
    }

    func testASettlingSenderWaitsForTheRoundThatAnotherWakeBegan() async throws {
        let desk = Desk { [phone] in try phone.open() }
        let sender = sender(desk, wire)
        try await desk.ask { try $0.enrol(code: "ABCDE23456") }
        let core = SlowCore(desk)
        Task { await sender.wake() }
        try await pause()
        let round = Round(sender)
        try await pause()
        XCTAssertFalse(round.isOver)
        core.goOn()
        for _ in 0 ..< 500 where wire.sent.isEmpty {
            try await Task.sleep(nanoseconds: 10_000_000)
        }
        let call = try XCTUnwrap(wire.sent.first)
        await sender.arrived(call.id, .page(200, from: call.url))
        await round.end()
        let state = await sender.state
        XCTAssertEqual(state, .portal)
    }

    func testASettlingSenderStopsWhenItsTimeIsOver() async throws {
        let (desk, sender, _) = try await enrolling(wire)
        let core = SlowCore(desk)
        let began = Date()
        await sender.settle(seconds: 0.5)
        XCTAssertLessThan(Date().timeIntervalSince(began), 5)
        core.goOn()
    }

    /// Longer than a settling sender sleeps between two looks.
    private func pause() async throws {
        try await Task.sleep(nanoseconds: 600_000_000)
    }
}

/// A background round, of which the test sees when it ends.
private final class Round: @unchecked Sendable {
    private let lock = NSLock()
    private var over = false
    private var work: Task<Void, Never>?

    init(_ sender: Sender) {
        work = Task {
            await sender.settle(seconds: 20)
            self.isOver = true
        }
    }

    private(set) var isOver: Bool {
        get {
            lock.lock()
            defer { lock.unlock() }
            return over
        }
        set {
            lock.lock()
            defer { lock.unlock() }
            over = newValue
        }
    }

    func end() async {
        await work?.value
    }
}

/// A core that answers nobody until it may go on.
private final class SlowCore: Sendable {
    private let gate = DispatchSemaphore(value: 0)

    init(_ desk: Desk) {
        desk.tell { [gate] _ in _ = gate.wait(timeout: .now() + 10) }
    }

    func goOn() {
        gate.signal()
    }
}
