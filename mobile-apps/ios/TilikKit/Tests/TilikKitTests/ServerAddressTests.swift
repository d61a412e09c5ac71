import XCTest

@testable import TilikKit

final class ServerAddressTests: XCTestCase {
    private func problem(_ typed: String) -> ServerAddress.Problem? {
        do {
            _ = try ServerAddress(typed: typed)
            return nil
        } catch {
            return error as? ServerAddress.Problem
        }
    }

    func testABareHostMeansHTTPS() throws {
        XCTAssertEqual(try ServerAddress(typed: " tilik.kota.go.id/ ").text, "https://tilik.kota.go.id")
        XCTAssertEqual(try ServerAddress(typed: "https://Tilik.kota.go.id:8443").text, "https://tilik.kota.go.id:8443")
    }

    func testAnythingButHTTPSIsRefused() {
        XCTAssertEqual(problem("http://tilik.kota.go.id"), .notHTTPS)
        XCTAssertEqual(problem("ftp://tilik.kota.go.id"), .notHTTPS)
        XCTAssertEqual(problem("  "), .empty)
        XCTAssertEqual(problem("https://tilik.kota.go.id/v1"), .notAnAddress)
        XCTAssertEqual(problem("https://orang@tilik.kota.go.id"), .notAnAddress)
        XCTAssertEqual(problem("alamat kantor"), .notAnAddress)
    }

    func testAReplyFromElsewhereIsKnown() throws {
        let server = try ServerAddress(typed: "tilik.kota.go.id")
        XCTAssertTrue(server.isSource(of: server.url(path: "/v1/sync")))
        XCTAssertTrue(server.isSource(of: URL(string: "https://TILIK.kota.go.id:443/v1/sync")))
        XCTAssertFalse(server.isSource(of: URL(string: "http://tilik.kota.go.id/v1/sync")))
        XCTAssertFalse(server.isSource(of: URL(string: "https://hotspot.example/login")))
        XCTAssertNil(server.url(path: "v1/sync"))
    }

    func testTheConsolesSlipIsRead() throws {
        let slip = Invitation(text: "tilik enrol v1\nhttps://tilik.kota.go.id\nABCDE23456\n")
        XCTAssertEqual(slip?.code, "ABCDE23456")
        XCTAssertEqual(slip?.server, try ServerAddress(typed: "tilik.kota.go.id"))
        XCTAssertNil(Invitation(text: "https://tilik.kota.go.id"))
        XCTAssertNil(Invitation(text: "tilik enrol v1\nhttp://tilik.kota.go.id\nABCDE23456"))
        XCTAssertNil(Invitation(text: "tilik enrol v1"))
    }
}
