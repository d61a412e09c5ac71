import BackgroundTasks
import TilikKit
import UIKit

/// Rounds while nobody looks. The system decides when; what is already handed to the background session needs none.
enum Background {
    static let refreshName = "id.tilik.app.round"
    static let processingName = "id.tilik.app.photos"
    /// A refresh has half a minute.
    private static let refreshS: TimeInterval = 25
    private static let processingS: TimeInterval = 240
    /// What the system leaves an app that goes out of sight is about half a minute.
    private static let leavingS: TimeInterval = 25

    /// To be called before the app has finished launching.
    static func register(_ sender: @escaping @Sendable () -> Sender?) {
        for (name, seconds) in [(refreshName, refreshS), (processingName, processingS)] {
            BGTaskScheduler.shared.register(forTaskWithIdentifier: name, using: nil) { task in
                run(task, sender: sender(), seconds: seconds)
            }
        }
    }

    /// Asks for the next round; called whenever the app goes out of sight.
    static func schedule() {
        let refresh = BGAppRefreshTaskRequest(identifier: refreshName)
        refresh.earliestBeginDate = Date(timeIntervalSinceNow: 15 * 60)
        try? BGTaskScheduler.shared.submit(refresh)
        let processing = BGProcessingTaskRequest(identifier: processingName)
        processing.requiresNetworkConnectivity = true
        processing.requiresExternalPower = false
        processing.earliestBeginDate = Date(timeIntervalSinceNow: 30 * 60)
        try? BGTaskScheduler.shared.submit(processing)
    }

    /// The phone goes into a pocket right after the seal: what waits is sent now, not when the system next thinks of it.
    @MainActor
    static func sendBeforeSleep(_ sender: Sender) {
        let stay = Stay()
        let work = Task {
            await sender.settle(seconds: leavingS)
            stay.end()
        }
        stay.begin { work.cancel() }
    }

    private static func run(_ task: BGTask, sender: Sender?, seconds: TimeInterval) {
        schedule()
        guard let sender else {
            return task.setTaskCompleted(success: false)
        }
        let work = Task {
            await sender.settle(seconds: seconds)
            task.setTaskCompleted(success: !Task.isCancelled)
        }
        task.expirationHandler = { work.cancel() }
    }
}

/// Leave to run on out of sight. Given back once; the system ends an app that keeps it.
@MainActor
private final class Stay {
    private var id = UIBackgroundTaskIdentifier.invalid

    func begin(expired: @escaping @MainActor () -> Void) {
        id = UIApplication.shared.beginBackgroundTask(withName: "id.tilik.app.leaving") { [self] in
            // The system calls this on the main thread, and waits for it.
            MainActor.assumeIsolated {
                expired()
                end()
            }
        }
    }

    func end() {
        guard id != .invalid else {
            return
        }
        UIApplication.shared.endBackgroundTask(id)
        id = .invalid
    }
}
