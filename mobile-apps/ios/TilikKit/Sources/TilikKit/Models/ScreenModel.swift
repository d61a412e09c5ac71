import Foundation
import TilikCore

/// What all models of screens share: asking the core, and saying in words what went wrong.
@MainActor
open class ScreenModel: ObservableObject {
    public let host: PhoneHost
    /// What went wrong last, in words; nothing when all is well.
    @Published public var trouble: String?
    @Published public private(set) var isBusy = false

    public init(host: PhoneHost) {
        self.host = host
    }

    public var words: Words { host.words }
    public var formats: Formats { host.formats }

    /// Asks the core; nothing when it refused, and then `trouble` says why.
    public func ask<Answer>(_ work: @escaping (FieldApp) throws -> Answer) async -> Answer? {
        isBusy = true
        defer { isBusy = false }
        do {
            let answer = try await host.desk.ask(work)
            trouble = nil
            return answer
        } catch {
            trouble = words.of(error: error)
            // The session or the lock may have changed under the screen.
            await host.refresh(announces: false)
            return nil
        }
    }
}
