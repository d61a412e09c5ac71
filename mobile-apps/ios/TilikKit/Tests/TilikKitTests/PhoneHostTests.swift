import TilikCore
import XCTest

@testable import TilikKit

@MainActor
final class PhoneHostTests: XCTestCase {
    private let phone = TestPhone()
    private let wire = TestWire()

    override func tearDown() {
        phone.remove()
    }

    private func host() -> PhoneHost {
        let desk = Desk { [phone] in try phone.open() }
        let sender = Sender(desk: desk, wire: wire, bodies: phone.folder, server: { nil }, changed: {})
        return PhoneHost(desk: desk, sender: sender, words: .ofTheApp)
    }

    private func gate(
        enrolled: Bool = true, user: UserId? = "u", owesPassword: Bool = false, revoked: RevokeKind? = nil,
        lock: LockState = .open
    ) async throws -> PhoneHost.Gate {
        var status = try await host().desk.ask { try $0.status() }
        status.enrolled = enrolled
        status.user = user
        status.passwordChangeRequired = owesPassword
        status.deviceRevoked = revoked
        return PhoneHost.gate(status: status, lock: lock)
    }

    func testAFreshPhoneIsEnrolledFirst() async {
        let host = host()
        XCTAssertEqual(host.gate, .opening)
        await host.refresh()
        XCTAssertEqual(host.gate, .enrol)
        XCTAssertEqual(host.revision, 1)
    }

    func testTheDoorsStandInThisOrder() async throws {
        let doors = [
            try await gate(enrolled: false),
            try await gate(revoked: .stolen),
            try await gate(lock: .signInNeeded),
            try await gate(lock: .locked(triesLeft: 3)),
            try await gate(user: nil, lock: .noPin),
            try await gate(owesPassword: true, lock: .noPin),
            try await gate(lock: .noPin),
            try await gate(),
        ]
        XCTAssertEqual(
            doors,
            [.enrol, .enrol, .signIn, .unlock(triesLeft: 3), .signIn, .changePassword, .choosePin, .open])
    }

    func testNobodySeesTheListWithoutThePinEvenWithTheSessionAlive() async throws {
        let door = try await gate(owesPassword: true, lock: .locked(triesLeft: 5))
        XCTAssertEqual(door, .unlock(triesLeft: 5))
    }

    func testAnEmptyAddressIsSaidBeforeAnythingIsSent() async throws {
        let host = host()
        await host.refresh()
        let model = EnrolModel(host: host, server: nil, setServer: { _ in XCTFail("no address to set") })
        model.code = "ABCDE23456"
        await model.enrol()
        XCTAssertEqual(model.trouble, Words.ofTheApp("server_problem_empty"))
        XCTAssertEqual(host.status?.busy, false)
    }

    func testAScannedSlipFillsBothFields() async {
        let model = EnrolModel(host: host(), server: nil, setServer: { _ in })
        XCTAssertFalse(model.scanned("https://example.org"))
        XCTAssertNotNil(model.trouble)
        XCTAssertTrue(model.scanned("tilik enrol v1\nhttps://tilik.kota.go.id\nABCDE23456"))
        XCTAssertEqual(model.address, "https://tilik.kota.go.id")
        XCTAssertEqual(model.code, "ABCDE23456")
        XCTAssertNil(model.trouble)
    }

    func testEnrollingIsBusyUntilTheServerAnswers() async {
        let host = host()
        await host.refresh()
        let model = EnrolModel(host: host, server: nil, setServer: { _ in })
        model.address = "tilik.kota.go.id"
        model.code = " ABCDE23456 "
        await model.enrol()
        XCTAssertNil(model.trouble)
        XCTAssertEqual(host.status?.busy, true)
        XCTAssertNil(model.refusal)
    }

    func testTwoDifferentNewPasswordsAreNotSent() async {
        let model = ChangePasswordModel(host: host())
        (model.old, model.new, model.again) = ("lama", "baru sekali", "baru dua kali")
        await model.change()
        XCTAssertEqual(model.trouble, Words.ofTheApp("password_differs"))
        XCTAssertEqual(model.new, "baru sekali")
    }

    func testAListBeforeSignInIsEmptyAndByNeighbourhood() async {
        let model = TodayModel(host: host())
        await model.load()
        XCTAssertTrue(model.isLoaded)
        XCTAssertTrue(model.rows.isEmpty)
        XCTAssertEqual(model.orderUsed, .neighbourhood, "nobody knows where the phone is")
        XCTAssertEqual(model.countsText, "")
    }

    func testAVisitThatIsNotHereIsSaidInWords() async {
        let model = SummaryModel(host: host(), visit: "01900000-0000-7000-8000-000000000000")
        await model.seal()
        XCTAssertNil(model.sealed)
        XCTAssertEqual(model.trouble, Words.ofTheApp("error_unknown_visit"))
    }

    func testTheMonthTurnsOverTheYear() async {
        let model = ReportModel(host: host(), now: Date(timeIntervalSince1970: 1_798_736_399))
        XCTAssertEqual(model.title, "Desember 2026")
        await model.move(by: 1)
        XCTAssertEqual(model.title, "Januari 2027")
        await model.move(by: -13)
        XCTAssertEqual(model.title, "Desember 2025")
    }

    func testAClockNoticeSaysHowFarAndWhichWay() async {
        let formats = Formats(words: .ofTheApp, utcOffsetMin: 420)
        let ahead = noticeText(.clockOff(aheadS: 720), .ofTheApp, formats)
        let behind = noticeText(.clockOff(aheadS: -31_536_000), .ofTheApp, formats)
        XCTAssertTrue(ahead.contains("12 menit lebih cepat"), ahead)
        XCTAssertTrue(behind.contains("365 hari lebih lambat"), behind)
    }

    func testABundlesNameSaysNothingAboutAnybody() async {
        let name = OutboxModel.bundleName(now: Date(timeIntervalSince1970: 1_795_918_440), minutesEast: 420)
        XCTAssertEqual(name, "titip-kirim-20261129-0914.tilik")
    }

    func testSigningOutWarnsOfNothingOnAnEmptyPhone() async {
        let model = SignOutModel(host: host())
        await model.load()
        XCTAssertEqual(model.view, SignOutView(visitsWaiting: 0, photosWaiting: 0, drafts: 0))
        XCTAssertEqual(model.warnings, [])
    }

    func testTheRoomThatTheAppTakesIsShown() async {
        let model = SettingsModel(host: host())
        await model.load()
        XCTAssertEqual(model.parts.count, 4)
        XCTAssertEqual(model.roomLines.first, "Tersisa 17 GB dari 69 GB")
        XCTAssertNil(model.updateText)
    }
}
