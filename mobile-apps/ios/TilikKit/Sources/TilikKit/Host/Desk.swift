import Dispatch
import TilikCore

/// The one way to the core: every call on one queue of its own, in order, since calls block for as long as the disk takes.
public final class Desk: @unchecked Sendable {
    private let queue = DispatchQueue(label: "id.tilik.core", qos: .userInitiated)
    private let open: () throws -> FieldApp
    private var opened: FieldApp?

    /// The store is opened at the first call, and again after a failure: a phone that was locked has no key yet.
    public init(open: @escaping () throws -> FieldApp) {
        self.open = open
    }

    /// Runs `work` on the core's queue.
    public func ask<Answer>(_ work: @escaping (FieldApp) throws -> Answer) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { try work(try self.app()) })
            }
        }
    }

    /// Runs `work` when its turn comes, without an answer. What fails here is asked again by whoever cares.
    public func tell(_ work: @escaping (FieldApp) throws -> Void) {
        queue.async {
            try? work(try self.app())
        }
    }

    private func app() throws -> FieldApp {
        if let opened {
            return opened
        }
        let app = try open()
        opened = app
        return app
    }
}
