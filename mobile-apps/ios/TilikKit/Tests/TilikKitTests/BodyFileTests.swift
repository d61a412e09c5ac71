import XCTest

@testable import TilikKit

final class BodyFileTests: XCTestCase {
    private var folder: URL!
    private var source: URL!

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        source = folder.appendingPathComponent("sealed.age")
        try Data((0 ..< 600_000).map { UInt8($0 % 251) }).write(to: source)
    }

    override func tearDownWithError() throws {
        try FileManager.default.removeItem(at: folder)
    }

    private func prepare(_ offset: UInt64, _ length: UInt64) throws -> (file: URL, isTemporary: Bool) {
        try BodyFile.prepare(
            path: source.path, offset: offset, length: length, id: "r1", folder: folder.appendingPathComponent("bodies"))
    }

    func testAWholeFileIsSentAsItIs() throws {
        let body = try prepare(0, 600_000)
        XCTAssertEqual(body.file.path, source.path)
        XCTAssertFalse(body.isTemporary)
    }

    func testTheRestOfAFileIsCopied() throws {
        let body = try prepare(300_001, 299_999)
        XCTAssertTrue(body.isTemporary)
        XCTAssertEqual(try Data(contentsOf: body.file), try Data(contentsOf: source).dropFirst(300_001))
    }

    func testTheBeginningOfAFileIsCopiedToo() throws {
        let body = try prepare(0, 10)
        XCTAssertTrue(body.isTemporary)
        XCTAssertEqual(try Data(contentsOf: body.file), try Data(contentsOf: source).prefix(10))
    }

    func testAFileThatIsTooShortOrGoneIsNotSent() throws {
        XCTAssertThrowsError(try prepare(500_000, 100_001))
        XCTAssertThrowsError(try prepare(.max, 1))
        try FileManager.default.removeItem(at: source)
        XCTAssertThrowsError(try prepare(0, 600_000))
        try Data().write(to: source)
    }

    func testCopiesOfNoCallAreSwept() throws {
        let bodies = folder.appendingPathComponent("bodies")
        _ = try prepare(1, 10)
        _ = try BodyFile.prepare(path: source.path, offset: 2, length: 10, id: "r2", folder: bodies)
        BodyFile.sweep(folder: bodies, keeping: ["r2"])
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: bodies.path), ["r2.part"])
    }
}
