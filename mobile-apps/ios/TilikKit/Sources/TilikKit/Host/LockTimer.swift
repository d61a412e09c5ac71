/// The app locks when it was out of sight for two minutes.
public struct LockTimer: Sendable {
    /// Seconds out of sight after which the PIN is asked for.
    public static let patienceS = 120.0
    private var leftAtS: Double?

    public init() {}

    /// The app went out of sight; `atS` is of a clock that nobody can set.
    public mutating func left(atS: Double) {
        leftAtS = leftAtS ?? atS
    }

    /// The app came back. Whether it must lock.
    public mutating func returned(atS: Double) -> Bool {
        defer { leftAtS = nil }
        guard let leftAtS else {
            return false
        }
        return atS < leftAtS || atS - leftAtS >= Self.patienceS
    }
}
