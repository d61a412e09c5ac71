import Foundation
import TilikCore

/// Words by key. The app reads them from Localizable.strings; whoever has other words hands in another `find`.
public struct Words: Sendable {
    private let find: @Sendable (String) -> String?

    public init(find: @escaping @Sendable (String) -> String?) {
        self.find = find
    }

    /// The words of `key`; `%@`, or `%1$@` and so on, are replaced by the values. A key without words shows itself.
    public func callAsFunction(_ key: String, _ values: String...) -> String {
        fill(find(key) ?? key, values)
    }

    /// Whether there are words of `key`.
    public func has(_ key: String) -> Bool {
        find(key) != nil
    }

    /// Values are never looked into: a name may hold a percent sign.
    private func fill(_ text: String, _ values: [String]) -> String {
        guard !values.isEmpty else {
            return text
        }
        var out = ""
        var next = 0
        var rest = Substring(text)
        while let sign = rest.firstIndex(of: "%") {
            out += rest[..<sign]
            rest = rest[rest.index(after: sign)...]
            if rest.first == "@" {
                rest = rest.dropFirst()
                out += next < values.count ? values[next] : ""
                next += 1
            } else if let digit = rest.first?.wholeNumberValue, rest.dropFirst().hasPrefix("$@") {
                rest = rest.dropFirst(3)
                out += digit >= 1 && digit <= values.count ? values[digit - 1] : ""
            } else if rest.first == "%" {
                rest = rest.dropFirst()
                out += "%"
            } else {
                out += "%"
            }
        }
        return out + rest
    }
}

/// The core's key of a value of one of its enums: `photo_kind_house_front` of `PhotoKind.houseFront`.
public func textKey<Value>(_ value: Value) -> String {
    let kind = String(describing: type(of: value))
    let label = Mirror(reflecting: value).children.first?.label ?? String(describing: value)
    return snake(kind) + "_" + snake(label)
}

/// `houseFront` → `house_front`; `RT` stays one word.
private func snake(_ name: String) -> String {
    var out = ""
    var before: Character?
    for letter in name {
        if letter.isUppercase, let before, !before.isUppercase {
            out += "_"
        }
        out += letter.lowercased()
        before = letter
    }
    return out
}

extension Words {
    /// The words of a value of one of the core's enums.
    public func of<Value>(_ value: Value) -> String {
        self(textKey(value))
    }

    /// What an error says to the officer, by remedy.
    public func of(error: Error) -> String {
        guard let error = error as? CoreError else {
            return self("error_bug", "")
        }
        let key = textKeyOfError(error: error)
        switch error {
        case let .Bug(reference):
            return self(key, reference)
        case let .Refused(code):
            // The core may know a rule that nobody has words for; then its code is shown.
            return self(key, code)
        default:
            return self(key)
        }
    }

    /// What a problem code of the server, or `no_network`, says.
    public func of(problem code: String) -> String {
        self(textKeyOfProblem(code: code), code)
    }

    /// What a reason code says.
    public func of(reason code: String) -> String {
        self(textKeyOfReason(code: code), code)
    }
}
