import Foundation

/// Where the city's server is, as somebody typed or scanned it.
public struct ServerAddress: Equatable, Sendable {
    /// Such as `https://tilik.example.go.id`, without a slash at the end.
    public let text: String

    /// Why an address is not taken.
    public enum Problem: Error, Equatable {
        case empty
        case notHTTPS
        case notAnAddress
    }

    /// A bare host means HTTPS; anything but HTTPS is refused.
    public init(typed: String) throws {
        var typed = typed.trimmingCharacters(in: .whitespacesAndNewlines)
        while typed.hasSuffix("/") {
            typed.removeLast()
        }
        if typed.isEmpty {
            throw Problem.empty
        }
        if !typed.contains("://") {
            typed = "https://" + typed
        }
        guard let parts = URLComponents(string: typed), let host = parts.host, !host.isEmpty,
              !host.contains(" "), parts.user == nil, parts.query == nil, parts.fragment == nil, parts.path.isEmpty
        else {
            throw Problem.notAnAddress
        }
        guard parts.scheme?.lowercased() == "https" else {
            throw Problem.notHTTPS
        }
        var whole = "https://" + host.lowercased()
        if let port = parts.port, port != 443 {
            whole += ":\(port)"
        }
        text = whole
    }

    /// The whole address of a request; `path` begins with `/v1/`.
    public func url(path: String) -> URL? {
        guard path.hasPrefix("/") else {
            return nil
        }
        return URL(string: text + path)
    }

    /// Whether a reply came from this server, and not from a sign-in page that the network put before it.
    public func isSource(of url: URL?) -> Bool {
        guard let url, let own = URL(string: text) else {
            return true
        }
        return url.scheme == "https" && url.host?.lowercased() == own.host && (url.port ?? 443) == (own.port ?? 443)
    }
}

/// What the console's slip for a new phone says: three lines, as text or as a QR code.
public struct Invitation: Equatable, Sendable {
    /// The server, when the slip names one.
    public let server: ServerAddress?
    /// The one-time code.
    public let code: String

    /// Nothing when the text is no such slip.
    public init?(text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        guard lines.count >= 2, lines[0] == "tilik enrol v1", let code = lines.last, !code.isEmpty else {
            return nil
        }
        self.code = code
        server = lines.count > 2 ? try? ServerAddress(typed: lines[1]) : nil
        if lines.count > 2, server == nil {
            return nil
        }
    }
}
