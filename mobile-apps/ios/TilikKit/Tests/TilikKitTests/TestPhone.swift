import Foundation
import TilikCore

@testable import TilikKit

/// The ports of a phone that exists only here.
final class TestPhone: Clock, MonotonicClock, Rng, FreeSpace, Signer, Keys, @unchecked Sendable {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tilik-" + UUID().uuidString)
    /// The keystore is locked: the phone was not unlocked since its start.
    var isLocked = false
    private let key = TestKey()
    var canSign: Bool { key != nil }
    private let secret = Data((0 ..< 32).map { _ in UInt8.random(in: .min ... .max) })

    func open() throws -> FieldApp {
        let ports = Ports(clock: self, monotonic: self, rng: self, space: self, signer: self, keys: self)
        let info = AppInfo(
            version: "0.1.0", build: "1", phoneName: "HP uji", devOptions: nil, adb: nil, debugger: nil, hooked: nil,
            rooted: nil)
        return try FieldApp.open(folder: folder.path, app: info, ports: ports)
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }

    func wallMicros() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
    func autoTime() -> Bool? { nil }
    func elapsedNs() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
    func bootId() -> String { "one" }
    func bootCount() -> UInt64? { nil }
    func fill(len: UInt32) -> Data { Data((0 ..< len).map { _ in UInt8.random(in: .min ... .max) }) }
    func freeBytes() -> UInt64 { 1 << 34 }
    func totalBytes() -> UInt64 { 1 << 36 }
    func level() -> String { "software" }

    func publicKey() throws -> Data {
        guard let key else {
            throw PortError.Failed
        }
        return key.publicKey
    }

    func sign(message: Data) throws -> Data {
        guard let signature = key?.sign(message) else {
            throw PortError.Failed
        }
        return signature
    }

    func databaseKey() throws -> Data {
        if isLocked {
            throw PortError.Locked
        }
        return secret
    }

    func newDatabaseKey() throws -> Data {
        throw PortError.Failed
    }
}

/// A wire that keeps what it is given, and answers when the test says.
final class TestWire: Wire, @unchecked Sendable {
    private let lock = NSLock()
    private var calls: [Call] = []
    var carried: Set<String> = []

    var sent: [Call] {
        lock.lock()
        defer { lock.unlock() }
        return calls
    }

    func inFlight() async -> Set<String> { carried }

    func send(_ call: Call) {
        lock.lock()
        calls.append(call)
        lock.unlock()
    }
}

extension Outcome {
    static func json(_ status: UInt16, _ text: String, from: URL? = nil) -> Outcome {
        let headers = [Header(name: "Content-Type", value: "application/json")]
        return .reply(Response(status: status, headers: headers, body: Data(text.utf8)), from: from)
    }

    static func page(_ status: UInt16, from: URL? = nil) -> Outcome {
        let headers = [Header(name: "content-type", value: "text/html; charset=utf-8")]
        return .reply(Response(status: status, headers: headers, body: Data("<html>Masuk Wi-Fi</html>".utf8)), from: from)
    }
}
