import Foundation
import TilikCore
import TilikKit

/// The system's HTTP. Files go by a background session, which goes on while the app is dead; what may hold a password or
/// a token goes from memory by a session of its own.
final class Transfers: NSObject, Wire, @unchecked Sendable {
    static let backgroundName = "id.tilik.app.transfers"

    /// Where outcomes go; set once, before the first call.
    var arrived: (@Sendable (String, Outcome) async -> Void)?
    /// Sends what the core asks for next, for so many seconds at most; set once, too.
    var settle: (@Sendable (TimeInterval) async -> Void)?
    /// The app that handed over its background events waits for this. On the main thread only.
    var finishedEvents: (() -> Void)?
    /// An app woken for its background events has half a minute.
    private static let eventsS: TimeInterval = 20

    private var near: URLSession!
    private var far: URLSession!
    /// Outcomes that the core has not heard yet.
    private let hearing = DispatchGroup()
    private let lock = NSLock()
    private var replies: [Key: Data] = [:]
    private var broken: Set<Key> = []
    private var targets: [String: String] = [:]

    private struct Key: Hashable {
        let session: ObjectIdentifier
        let task: Int
    }

    override init() {
        super.init()
        let near = URLSessionConfiguration.ephemeral
        near.timeoutIntervalForRequest = 60
        near.waitsForConnectivity = false
        near.httpShouldSetCookies = false
        near.urlCache = nil
        self.near = URLSession(configuration: near, delegate: self, delegateQueue: nil)
        let far = URLSessionConfiguration.background(withIdentifier: Self.backgroundName)
        far.timeoutIntervalForRequest = 60
        far.isDiscretionary = false
        far.sessionSendsLaunchEvents = true
        far.httpShouldSetCookies = false
        far.urlCache = nil
        self.far = URLSession(configuration: far, delegate: self, delegateQueue: nil)
    }

    func inFlight() async -> Set<String> {
        let tasks = await far.allTasks
        return Set(tasks.compactMap(\.taskDescription))
    }

    func send(_ call: Call) {
        var request = URLRequest(url: call.url)
        request.httpMethod = call.method
        for header in call.headers {
            request.setValue(header.value, forHTTPHeaderField: header.name)
        }
        let task: URLSessionTask
        if let target = call.saveTo {
            lock.withLock { targets[call.id] = target }
            task = far.downloadTask(with: request)
        } else {
            switch call.body {
            case .none:
                task = near.dataTask(with: request)
            case let .bytes(bytes):
                request.httpBody = bytes
                task = near.dataTask(with: request)
            case let .file(file, _):
                task = far.uploadTask(with: request, fromFile: file)
            }
        }
        task.taskDescription = call.id
        task.resume()
    }

    private func key(_ session: URLSession, _ task: URLSessionTask) -> Key {
        Key(session: ObjectIdentifier(session), task: task.taskIdentifier)
    }

    private func tell(_ id: String, _ outcome: Outcome) {
        guard let arrived else {
            return
        }
        hearing.enter()
        Task {
            await arrived(id, outcome)
            hearing.leave()
        }
    }
}

extension Transfers: URLSessionDataDelegate, URLSessionDownloadDelegate {
    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        lock.withLock { replies[key(session, dataTask), default: Data()].append(data) }
    }

    func urlSession(_ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL) {
        let target = lock.withLock { downloadTask.taskDescription.flatMap { targets[$0] } }
        guard let target, (downloadTask.response as? HTTPURLResponse)?.statusCode == 200 else {
            return
        }
        // The file is gone when this returns.
        let goal = URL(fileURLWithPath: target)
        try? FileManager.default.removeItem(at: goal)
        do {
            try FileManager.default.moveItem(at: location, to: goal)
        } catch {
            lock.withLock { _ = broken.insert(key(session, downloadTask)) }
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: Error?) {
        guard let id = task.taskDescription else {
            return
        }
        let key = key(session, task)
        let (body, isBroken) = lock.withLock { () -> (Data, Bool) in
            targets[id] = nil
            return (replies.removeValue(forKey: key) ?? Data(), broken.remove(key) != nil)
        }
        if let error {
            return tell(id, Self.isCertificate(error) ? .badCertificate : .noNetwork)
        }
        guard let http = task.response as? HTTPURLResponse, !isBroken else {
            return tell(id, .noNetwork)
        }
        let headers = http.allHeaderFields.compactMap { name, value in
            (name as? String).map { Header(name: $0, value: String(describing: value)) }
        }
        let response = Response(status: UInt16(clamping: http.statusCode), headers: headers, body: body)
        tell(id, .reply(response, from: http.url))
    }

    /// A reply that leads elsewhere is a sign-in page of the network: it is told, not followed. A background session
    /// follows by itself; then the address of the reply tells.
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSessionDidFinishEvents(forBackgroundURLSession session: URLSession) {
        // The system may stop the app right after; the core must have heard all before, and what it asks for then, like
        // the manifest after the last photo, is sent from memory and would be lost.
        hearing.notify(queue: .main) { [weak self] in
            guard let self, let finished = self.finishedEvents else {
                return
            }
            self.finishedEvents = nil
            Task { @MainActor in
                await self.settle?(Self.eventsS)
                finished()
            }
        }
    }

    private static func isCertificate(_ error: Error) -> Bool {
        let codes: [URLError.Code] = [
            .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot,
            .serverCertificateNotYetValid, .clientCertificateRejected, .secureConnectionFailed,
        ]
        return (error as? URLError).map { codes.contains($0.code) } ?? false
    }
}
