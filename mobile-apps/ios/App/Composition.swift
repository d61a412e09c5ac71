import SwiftUI
import TilikCore
import TilikKit

/// Puts the app together once: the core on its folder, its ports, the wire, the sender.
@MainActor
final class Composition: ObservableObject {
    let host: PhoneHost
    let sender: Sender
    let transfers: Transfers
    let positions = Positions()
    /// The app is not the one in front: families are not to be seen in the switcher.
    @Published private(set) var isHidden = false

    private let network = NetworkWatch()
    private let clock = BootClock()
    private var lockTimer = LockTimer()

    init() {
        let info = AppInfo.ofThisPhone()
        let desk = Desk {
            let folder = try PhoneFolder.data()
            let ports = Ports(
                clock: WallClock(), monotonic: BootClock(), rng: SystemChance(), space: DiskSpace(folder: folder),
                signer: SigningKey(), keys: DatabaseKey())
            return try FieldApp.open(folder: folder.path, app: info, ports: ports)
        }
        let words = Words { key in
            let found = Bundle.main.localizedString(forKey: key, value: "\u{0}", table: nil)
            return found == "\u{0}" ? nil : found
        }
        let transfers = Transfers()
        let bodies = (try? PhoneFolder.bodies()) ?? FileManager.default.temporaryDirectory
        let told = Told()
        let sender = Sender(
            desk: desk, wire: transfers, bodies: bodies, server: { Composition.server }, changed: { told.now() })
        self.transfers = transfers
        self.sender = sender
        host = PhoneHost(desk: desk, sender: sender, words: words)
        transfers.arrived = { await sender.arrived($0, $1) }
        transfers.settle = { await sender.settle(seconds: $0) }
        told.host = host
    }

    func start() {
        PhoneFolder.emptyShared()
        let desk = host.desk
        network.start { [sender] kind in
            desk.tell { $0.setNetwork(network: kind) }
            Task { await sender.wake() }
        }
        Task {
            await host.refresh()
            await sender.wake()
        }
    }

    func phaseChanged(isInSight: Bool, isOut: Bool) {
        isHidden = !isInSight
        if isOut {
            lockTimer.left(atS: clock.elapsedS())
            positions.pause()
            Background.schedule()
            Background.sendBeforeSleep(sender)
        } else if isInSight {
            positions.resume()
            let locks = lockTimer.returned(atS: clock.elapsedS())
            Task {
                if locks {
                    host.desk.tell { $0.lock() }
                }
                await host.refresh()
                await sender.wake()
            }
        }
    }

    // MARK: settings that are the shell's own, with nothing personal in them

    nonisolated static var server: ServerAddress? {
        UserDefaults.standard.string(forKey: "server").flatMap { try? ServerAddress(typed: $0) }
    }

    func setServer(_ server: ServerAddress) {
        UserDefaults.standard.set(server.text, forKey: "server")
    }
}

/// Brings the sender's news to the main thread.
private final class Told: @unchecked Sendable {
    @MainActor weak var host: PhoneHost?

    func now() {
        Task { @MainActor in
            await host?.refresh()
        }
    }
}
