import SwiftUI
import TilikKit

/// The officer's phone.
@main
struct TilikApp: App {
    @UIApplicationDelegateAdaptor(AppDelegate.self) private var delegate
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            RootScreen()
                .environmentObject(delegate.app)
                .environmentObject(delegate.app.host)
                .environmentObject(delegate.app.positions)
        }
        .onChange(of: phase) { phase in
            delegate.app.phaseChanged(isInSight: phase == .active, isOut: phase == .background)
        }
    }
}

/// What the system asks of the app outside its screens.
@MainActor
final class AppDelegate: NSObject, UIApplicationDelegate {
    let app = Composition()

    func application(
        _ application: UIApplication, didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]? = nil
    ) -> Bool {
        let sender = app.sender
        Background.register { sender }
        app.start()
        return true
    }

    /// The background session finished while the app was dead, or out of sight.
    func application(
        _ application: UIApplication, handleEventsForBackgroundURLSession identifier: String,
        completionHandler: @escaping () -> Void
    ) {
        guard identifier == Transfers.backgroundName else {
            return completionHandler()
        }
        app.transfers.finishedEvents = completionHandler
    }
}
