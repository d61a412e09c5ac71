import Foundation
import TilikCore

/// Runs the core's requests: asks for them, hands them to the wire, brings the answers back, comes again in time.
public actor Sender {
    /// What the outbox says about the way to the server.
    public enum State: Equatable, Sendable {
        case idle
        case sending
        /// No address is known yet.
        case noServer
        /// The last reply came from somebody with a wrong certificate.
        case badCertificate
        /// The last reply was a sign-in page of the network.
        case portal
    }

    public private(set) var state: State = .idle

    private let desk: Desk
    private let wire: Wire
    private let bodies: URL
    private let server: @Sendable () -> ServerAddress?
    private let changed: @Sendable () -> Void
    private let most: Int

    private var onTheWay: Set<String> = []
    private var temporary: [String: URL] = [:]
    private var isRestored = false
    private var arrivedEarly: Set<String> = []
    private var isFilling = false
    private var fillsAgain = false
    /// Answers that the core is still hearing, and rounds that somebody waits for.
    private var unfinished = 0
    private var alarm: Task<Void, Never>?

    /// `bodies` is a folder for copies of file parts; `changed` is told whenever the core may show something else.
    public init(
        desk: Desk, wire: Wire, bodies: URL, most: Int = 6,
        server: @escaping @Sendable () -> ServerAddress?, changed: @escaping @Sendable () -> Void
    ) {
        self.desk = desk
        self.wire = wire
        self.bodies = bodies
        self.most = most
        self.server = server
        self.changed = changed
    }

    /// Something may be waiting. Cheap; to be called freely.
    public func wake() async {
        if isFilling {
            fillsAgain = true
            return
        }
        isFilling = true
        repeat {
            fillsAgain = false
            await fill()
        } while fillsAgain
        isFilling = false
    }

    /// "Kirim sekarang".
    public func sendNow() async throws {
        try await desk.ask { try $0.sendNow() }
        await wake()
    }

    /// An outcome, by the id of its call. One that nobody waits for changes nothing.
    public func arrived(_ id: String, _ outcome: Outcome) async {
        // Off the way, but not yet heard: what the core makes of it may be the next request.
        unfinished += 1
        defer { unfinished -= 1 }
        onTheWay.remove(id)
        if !isRestored {
            arrivedEarly.insert(id)
        }
        if let copy = temporary.removeValue(forKey: id) {
            try? FileManager.default.removeItem(at: copy)
        }
        let heard = Self.hear(outcome, server: server())
        try? await desk.ask { app in
            if let response = heard.response {
                try app.onResponse(id: id, response: response)
            } else {
                try app.onNoNetwork(id: id)
            }
        }
        state = heard.state ?? .idle
        changed()
        await wake()
    }

    /// Until nothing is on its way, being heard or being asked for, or `seconds` are over: for the short time that the
    /// operating system grants in the background. A core that takes long does not hold it longer.
    public func settle(seconds: TimeInterval) async {
        let end = Date().addingTimeInterval(seconds)
        unfinished += 1
        Task {
            await wake()
            unfinished -= 1
        }
        while isFilling || unfinished > 0 || !onTheWay.isEmpty, Date() < end, !Task.isCancelled {
            try? await Task.sleep(nanoseconds: 200_000_000)
        }
    }

    /// What an outcome says: what the core hears of it (nothing: no network), and what the outbox says.
    static func hear(_ outcome: Outcome, server: ServerAddress?) -> (response: Response?, state: State?) {
        switch outcome {
        case .noNetwork:
            return (nil, nil)
        case .badCertificate:
            return (nil, .badCertificate)
        case let .reply(response, from):
            let isElsewhere = !(server?.isSource(of: from) ?? true)
            if isElsewhere || (300 ..< 400).contains(response.status) {
                return (nil, .portal)
            }
            // The core finds out by itself that a page is no reply; the officer is told what it is.
            return (response, isPage(response) ? .portal : nil)
        }
    }

    private static func isPage(_ response: Response) -> Bool {
        let type = response.headers.first { $0.name.lowercased() == "content-type" }?.value.lowercased() ?? ""
        return type.hasPrefix("text/html")
    }

    private func fill() async {
        alarm?.cancel()
        guard let server = server() else {
            state = .noServer
            return
        }
        if !isRestored {
            // An outcome may come while the system is still counting.
            onTheWay = await wire.inFlight().subtracting(arrivedEarly)
            arrivedEarly = []
            BodyFile.sweep(folder: bodies, keeping: onTheWay)
            isRestored = true
        }
        do {
            // After a start the core hands out again what has no answer; what the system still carries is not sent twice.
            let room = most - onTheWay.count
            let requests = room > 0 ? try await desk.ask { try $0.nextRequests(most: UInt32(room)) } : []
            for request in requests where !onTheWay.contains(request.id) {
                await send(request, to: server)
            }
            let wait = try await desk.ask { $0.waitS() }
            tellState()
            comeAgain(seconds: wait)
        } catch {
            // A locked keystore or a full disk: the next wake asks again.
            tellState()
            comeAgain(seconds: 60)
        }
    }

    private func send(_ request: Request, to server: ServerAddress) async {
        do {
            guard let url = server.url(path: request.path) else {
                throw URLError(.badURL)
            }
            let body: Call.Body
            switch request.body {
            case .none:
                body = .none
            case let .bytes(bytes):
                body = .bytes(bytes)
            case let .file(path, offset, length):
                let part = try BodyFile.prepare(
                    path: path, offset: offset, length: length, id: request.id, folder: bodies)
                if part.isTemporary {
                    temporary[request.id] = part.file
                }
                body = .file(part.file, isTemporary: part.isTemporary)
            }
            onTheWay.insert(request.id)
            wire.send(
                Call(
                    id: request.id, method: request.method, url: url, headers: request.headers, body: body,
                    saveTo: request.saveTo))
        } catch {
            // The core looks for the file itself when it makes the request again.
            try? await desk.ask { try $0.onNoNetwork(id: request.id) }
        }
    }

    private func tellState() {
        switch state {
        case .badCertificate, .portal:
            break
        case .idle, .sending, .noServer:
            state = onTheWay.isEmpty ? .idle : .sending
        }
        changed()
    }

    private func comeAgain(seconds: UInt64) {
        // What is on its way wakes the sender when it arrives.
        let pause = max(onTheWay.isEmpty ? 1 : 30, min(seconds, 900))
        alarm = Task { [weak self] in
            try? await Task.sleep(nanoseconds: pause * 1_000_000_000)
            if !Task.isCancelled {
                await self?.wake()
            }
        }
    }
}
