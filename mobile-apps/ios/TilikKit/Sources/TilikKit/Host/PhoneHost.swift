import Foundation
import TilikCore

/// What all screens stand on: the core, the sender, the words, and how the phone stands.
@MainActor
public final class PhoneHost: ObservableObject {
    public let desk: Desk
    public let sender: Sender
    public let words: Words

    /// Grows whenever the core may show something else; screens load again when it does.
    @Published public private(set) var revision = 0
    @Published public private(set) var status: Status?
    @Published public private(set) var gate: Gate = .opening
    @Published public private(set) var senderState: Sender.State = .idle
    /// Where the officer stands, as the phone last heard.
    @Published public var here: Place?

    /// The door the officer stands at.
    public enum Gate: Equatable {
        case opening
        /// The store does not open; the words say why.
        case broken(String)
        case enrol
        case signIn
        case changePassword
        case choosePin
        case unlock(triesLeft: UInt32)
        case open
    }

    public init(desk: Desk, sender: Sender, words: Words) {
        self.desk = desk
        self.sender = sender
        self.words = words
    }

    public var formats: Formats {
        Formats(words: words, utcOffsetMin: status?.utcOffsetMin ?? 420)
    }

    /// Asks the core how the phone stands. Screens load again, unless it was a screen that found something wrong.
    public func refresh(announces: Bool = true) async {
        do {
            let (status, lock) = try await desk.ask { (try $0.status(), try $0.lockState()) }
            self.status = status
            gate = Self.gate(status: status, lock: lock)
        } catch {
            // A locked keystore opens with the phone; what is on the screen stays.
            if status == nil {
                gate = .broken(words.of(error: error))
            }
        }
        senderState = await sender.state
        if announces {
            revision += 1
        }
    }

    /// After an act that may have made something to send.
    public func acted() async {
        await refresh()
        await sender.wake()
    }

    /// Nobody sees a family before the phone is the officer's: enrolled, signed in, unlocked.
    nonisolated static func gate(status: Status, lock: LockState) -> Gate {
        guard status.enrolled, status.deviceRevoked == nil else {
            return .enrol
        }
        switch lock {
        case .signInNeeded:
            return .signIn
        case let .locked(triesLeft):
            return .unlock(triesLeft: triesLeft)
        case .noPin, .open:
            break
        }
        if status.user == nil {
            return .signIn
        }
        if status.passwordChangeRequired {
            return .changePassword
        }
        if case .noPin = lock {
            return .choosePin
        }
        return .open
    }
}
