import Foundation
import TilikCore

/// The wall clock, as the phone shows it.
final class WallClock: Clock {
    func wallMicros() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1_000_000)
    }

    /// The system does not tell whether the network sets its clock.
    func autoTime() -> Bool? {
        nil
    }
}

/// The clock that nobody can set: it counts from the boot on, also while the phone sleeps.
final class BootClock: MonotonicClock {
    func elapsedNs() -> UInt64 {
        clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW)
    }

    /// The kernel draws a new one at each boot.
    func bootId() -> String {
        var size = 0
        guard sysctlbyname("kern.bootsessionuuid", nil, &size, nil, 0) == 0, size > 1 else {
            return bootSecond()
        }
        var text = [CChar](repeating: 0, count: size)
        guard sysctlbyname("kern.bootsessionuuid", &text, &size, nil, 0) == 0 else {
            return bootSecond()
        }
        return String(cString: text)
    }

    func bootCount() -> UInt64? {
        nil
    }

    /// Seconds for the lock, of the same clock.
    func elapsedS() -> Double {
        Double(elapsedNs()) / 1_000_000_000
    }

    /// When the phone was started: good enough where the kernel does not tell its session.
    private func bootSecond() -> String {
        var time = timeval()
        var size = MemoryLayout<timeval>.stride
        guard sysctlbyname("kern.boottime", &time, &size, nil, 0) == 0 else {
            return "unknown"
        }
        return String(time.tv_sec)
    }
}

/// Chance from the system, fit for keys.
final class SystemChance: Rng {
    func fill(len: UInt32) -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0 ..< len).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// Room on the volume that holds the app's folder.
final class DiskSpace: FreeSpace {
    private let folder: URL

    init(folder: URL) {
        self.folder = folder
    }

    /// What the system would make room for, since the evidence is important.
    func freeBytes() -> UInt64 {
        let values = try? folder.resourceValues(forKeys: [.volumeAvailableCapacityForImportantUsageKey])
        return UInt64(max(values?.volumeAvailableCapacityForImportantUsage ?? 0, 0))
    }

    func totalBytes() -> UInt64 {
        let values = try? folder.resourceValues(forKeys: [.volumeTotalCapacityKey])
        return UInt64(max(values?.volumeTotalCapacity ?? 0, 0))
    }
}
