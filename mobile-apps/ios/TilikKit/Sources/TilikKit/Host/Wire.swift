import Foundation
import TilikCore

/// A request of the core, ready for the operating system.
public struct Call: Sendable {
    /// Names it in the answer, also after the app was started anew.
    public let id: String
    public let method: String
    public let url: URL
    public let headers: [Header]
    public let body: Body
    /// Where the reply's body goes, instead of into memory.
    public let saveTo: String?

    /// What is sent.
    public enum Body: Equatable, Sendable {
        case none
        /// In memory only: it may hold a password or a token.
        case bytes(Data)
        /// A file whole; a temporary one is removed when the answer is there.
        case file(URL, isTemporary: Bool)
    }
}

/// What became of a call.
public enum Outcome: Sendable {
    /// A reply; `from` is the address that gave it in the end.
    case reply(Response, from: URL?)
    /// No network, or lost on the way.
    case noNetwork
    /// Somebody answered who could not prove to be the server.
    case badCertificate
}

/// The operating system's HTTP. Outcomes go to `Sender.arrived`.
public protocol Wire: AnyObject, Sendable {
    /// The ids of the calls that are still on their way, also from before the app's last start.
    func inFlight() async -> Set<String>
    func send(_ call: Call)
}
