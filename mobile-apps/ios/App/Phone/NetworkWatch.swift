import Foundation
import Network
import TilikCore

/// Tells what network there is, whenever it changes.
final class NetworkWatch {
    private let monitor = NWPathMonitor()

    func start(_ changed: @escaping @Sendable (TilikCore.Network) -> Void) {
        monitor.pathUpdateHandler = { path in
            guard path.status == .satisfied else {
                return changed(.none)
            }
            // A hotspot of another phone counts as expensive; data saver as constrained.
            changed(path.isExpensive || path.isConstrained ? .metered : .unmetered)
        }
        monitor.start(queue: DispatchQueue(label: "id.tilik.network"))
    }
}
