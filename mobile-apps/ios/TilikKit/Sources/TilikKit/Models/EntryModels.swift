import Foundation
import TilikCore

/// Enrolling the phone: the server's address and the supervisor's code.
@MainActor
public final class EnrolModel: ScreenModel {
    @Published public var address = ""
    @Published public var code = ""
    private let setServer: (ServerAddress) -> Void

    public init(host: PhoneHost, server: ServerAddress?, setServer: @escaping (ServerAddress) -> Void) {
        self.setServer = setServer
        super.init(host: host)
        address = server?.text ?? ""
    }

    /// What the scanner read. Whether it was an invitation.
    public func scanned(_ text: String) -> Bool {
        guard let invitation = Invitation(text: text) else {
            trouble = words("enrol_not_a_slip")
            return false
        }
        trouble = nil
        code = invitation.code
        if let server = invitation.server {
            address = server.text
        }
        return true
    }

    /// What the server said no to, while nothing is on its way.
    public var refusal: String? { refusalWords(host) }

    public func enrol() async {
        do {
            setServer(try ServerAddress(typed: address))
        } catch ServerAddress.Problem.empty {
            return trouble = words("server_problem_empty")
        } catch ServerAddress.Problem.notHTTPS {
            return trouble = words("server_problem_not_https")
        } catch {
            return trouble = words("server_problem_not_an_address")
        }
        let code = code.trimmingCharacters(in: .whitespacesAndNewlines)
        if await ask({ try $0.enrol(code: code) }) != nil {
            await host.acted()
        }
    }
}

/// Signing in. The password is kept no longer than the call.
@MainActor
public final class SignInModel: ScreenModel {
    @Published public var username = ""
    @Published public var password = ""

    public override init(host: PhoneHost) {
        super.init(host: host)
        username = host.status?.username ?? ""
    }

    public var refusal: String? { refusalWords(host) }

    public func signIn() async {
        let (name, secret) = (username.trimmingCharacters(in: .whitespaces), password)
        password = ""
        if await ask({ try $0.signIn(username: name, password: secret) }) != nil {
            await host.acted()
        }
    }
}

/// Choosing another password.
@MainActor
public final class ChangePasswordModel: ScreenModel {
    @Published public var old = ""
    @Published public var new = ""
    @Published public var again = ""

    public var refusal: String? { refusalWords(host) }

    public func change() async {
        guard new == again else {
            return trouble = words("password_differs")
        }
        let (before, after) = (old, new)
        (old, new, again) = ("", "", "")
        if await ask({ try $0.changePassword(oldPassword: before, newPassword: after) }) != nil {
            await host.acted()
        }
    }
}

/// The app's PIN: chosen twice, asked for once.
@MainActor
public final class PinCodeModel: ScreenModel {
    /// The PIN has this many digits; the core checks it.
    public static let digits = 6
    @Published public private(set) var typed = ""
    @Published public private(set) var isRepeating = false
    /// The PIN was chosen, or was right.
    @Published public private(set) var isDone = false
    /// Another PIN is chosen; else the one that was chosen is asked for.
    public let chooses: Bool
    /// The PIN that is has to be shown before another one is chosen.
    @Published public private(set) var asksOld: Bool
    private var first = ""

    /// `changes`: there is a PIN already, and another one is chosen.
    public init(host: PhoneHost, chooses: Bool, changes: Bool = false) {
        self.chooses = chooses
        asksOld = changes
        super.init(host: host)
    }

    /// A digit of the keypad; `done` is called with the whole PIN.
    public func type(_ digit: Int) async {
        guard typed.count < Self.digits else {
            return
        }
        trouble = nil
        typed += String(digit)
        if typed.count == Self.digits {
            await complete()
        }
    }

    public func deleteLast() {
        typed = String(typed.dropLast())
    }

    private func complete() async {
        let pin = typed
        typed = ""
        if asksOld {
            // A wrong one locks the app, and its door says how many tries are left.
            let lock = await ask({ try $0.unlock(pin: pin) })
            asksOld = lock != .open
            await host.acted()
            return
        }
        if chooses {
            if !isRepeating {
                first = pin
                isRepeating = true
                return
            }
            isRepeating = false
            guard pin == first else {
                return trouble = words("app_pin_differs")
            }
            if await ask({ try $0.choosePin(pin: pin) }) != nil {
                isDone = true
                await host.acted()
            }
            return
        }
        guard let lock = await ask({ try $0.unlock(pin: pin) }) else {
            return
        }
        switch lock {
        case let .locked(left):
            trouble = words("app_pin_wrong", formats.count(left))
        case .open:
            isDone = true
        case .noPin, .signInNeeded:
            break
        }
        await host.acted()
    }
}

/// Why enrolment, sign-in or another password failed, while none is on its way.
@MainActor
private func refusalWords(_ host: PhoneHost) -> String? {
    guard let status = host.status, !status.busy, let problem = status.lastProblem else {
        return nil
    }
    return host.words.of(problem: problem)
}
