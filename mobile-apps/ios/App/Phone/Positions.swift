import CoreLocation
import Foundation
import TilikCore
import TilikKit

/// Where the phone is, and which way it points.
@MainActor
final class Positions: NSObject, ObservableObject {
    /// Why there is no position.
    enum Trouble {
        case refused
        case switchedOff
        /// Only an approximate position was granted: kilometres.
        case rough
    }

    @Published private(set) var trouble: Trouble?
    /// Where the top of the phone points, degrees from true north, clockwise; nothing when the compass does not know.
    @Published private(set) var heading: Double?
    /// The last fix, for lists and maps; not older than ten minutes.
    var here: Place? {
        guard let last, -last.timestamp.timeIntervalSinceNow < 600, last.horizontalAccuracy >= 0 else {
            return nil
        }
        return Place(
            latE7: Self.e7(last.coordinate.latitude), lonE7: Self.e7(last.coordinate.longitude),
            accuracyCm: Self.cm(last.horizontalAccuracy))
    }

    private let manager = CLLocationManager()
    private let clock = BootClock()
    private var last: CLLocation?
    private var eachFix: ((Fix) -> Void)?
    private var moved: (() -> Void)?
    private var newest = 0

    override init() {
        super.init()
        manager.delegate = self
        manager.activityType = .otherNavigation
        manager.headingFilter = 5
    }

    /// Asks for permission when nobody has answered yet.
    func ask() {
        if manager.authorizationStatus == .notDetermined {
            manager.requestWhenInUseAuthorization()
        }
        lookAtPermission()
    }

    /// For lists and the arrow: a fix now and then. Gives the turn to stop with.
    func walk(moved: @escaping () -> Void) -> Int {
        self.moved = moved
        eachFix = nil
        manager.desiredAccuracy = kCLLocationAccuracyNearestTenMeters
        manager.distanceFilter = 10
        return beginTurn()
    }

    /// For the pin: every fix, as good as the phone can. Gives the turn to stop with.
    func pin(_ fix: @escaping (Fix) -> Void) -> Int {
        eachFix = fix
        manager.desiredAccuracy = kCLLocationAccuracyBest
        manager.distanceFilter = kCLDistanceFilterNone
        return beginTurn()
    }

    /// Ends a turn. A screen that goes may say so after the one below it began its own: then nothing is to be stopped.
    func stop(_ turn: Int) {
        guard turn == newest else {
            return
        }
        eachFix = nil
        moved = nil
        pause()
    }

    /// The app is out of sight; who listens, listens again after `resume`.
    func pause() {
        manager.stopUpdatingLocation()
        manager.stopUpdatingHeading()
    }

    func resume() {
        if eachFix != nil || moved != nil {
            begin()
        }
    }

    private func beginTurn() -> Int {
        newest += 1
        begin()
        return newest
    }

    private func begin() {
        ask()
        manager.startUpdatingLocation()
        if CLLocationManager.headingAvailable() {
            manager.startUpdatingHeading()
        }
    }

    private func lookAtPermission() {
        switch manager.authorizationStatus {
        case .denied, .restricted:
            trouble = CLLocationManager.locationServicesEnabled() ? .refused : .switchedOff
        case .authorizedAlways, .authorizedWhenInUse:
            trouble = manager.accuracyAuthorization == .reducedAccuracy ? .rough : nil
        case .notDetermined:
            trouble = nil
        @unknown default:
            trouble = nil
        }
    }

    private func heard(_ location: CLLocation) {
        guard location.horizontalAccuracy >= 0 else {
            return
        }
        last = location
        moved?()
        eachFix?(fix(location))
    }

    private func fix(_ location: CLLocation) -> Fix {
        let source = location.sourceInformation
        let age = max(0, -location.timestamp.timeIntervalSinceNow)
        let now = clock.elapsedNs()
        let ageNs = UInt64(age * 1_000_000_000)
        return Fix(
            latE7: Self.e7(location.coordinate.latitude), lonE7: Self.e7(location.coordinate.longitude),
            accuracyCm: Self.cm(location.horizontalAccuracy),
            altitudeCm: location.verticalAccuracy > 0 ? Self.cm(location.altitude) : nil,
            speedCmS: location.speed >= 0 ? Self.cm(location.speed) : nil,
            bearingCdeg: location.course >= 0 ? Int64((location.course * 100).rounded()) : nil,
            provider: source?.isProducedByAccessory == true ? "accessory" : "core_location",
            mock: source?.isSimulatedBySoftware ?? false,
            elapsedNs: now > ageNs ? now - ageNs : 0,
            takenAtMicros: Int64(location.timestamp.timeIntervalSince1970 * 1_000_000))
    }

    private static func e7(_ degrees: Double) -> Int64 {
        Int64((degrees * 10_000_000).rounded())
    }

    private static func cm(_ metres: Double) -> Int64 {
        Int64((metres * 100).rounded())
    }
}

extension Positions: CLLocationManagerDelegate {
    nonisolated func locationManager(_ manager: CLLocationManager, didUpdateLocations locations: [CLLocation]) {
        Task { @MainActor in
            for location in locations {
                heard(location)
            }
        }
    }

    nonisolated func locationManager(_ manager: CLLocationManager, didUpdateHeading newHeading: CLHeading) {
        let isKnown = newHeading.headingAccuracy >= 0 && newHeading.trueHeading >= 0
        let degrees = isKnown ? newHeading.trueHeading : nil
        Task { @MainActor in
            heading = degrees
        }
    }

    nonisolated func locationManagerDidChangeAuthorization(_ manager: CLLocationManager) {
        Task { @MainActor in
            lookAtPermission()
        }
    }

    nonisolated func locationManager(_ manager: CLLocationManager, didFailWithError error: Error) {
        let isDenied = (error as? CLError)?.code == .denied
        Task { @MainActor in
            if isDenied {
                lookAtPermission()
            }
        }
    }
}
