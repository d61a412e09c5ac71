import Foundation
import TilikCore
import UIKit

/// The app's folders: protected until the first unlock, and in no backup.
enum PhoneFolder {
    /// Databases, drafts and sealed files.
    static func data() throws -> URL {
        try folder("Tilik")
    }

    /// Copies of file parts on their way.
    static func bodies() throws -> URL {
        try folder("Bodies")
    }

    /// Files to share; emptied at each start.
    static func shared() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("Shared", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    static func emptyShared() {
        if let url = try? shared() {
            try? FileManager.default.removeItem(at: url)
        }
    }

    private static func folder(_ name: String) throws -> URL {
        let files = FileManager.default
        let support = try files.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        var url = support.appendingPathComponent(name, isDirectory: true)
        // Background transfers read the files while the phone is locked, so the protection ends at the first unlock.
        try files.createDirectory(
            at: url, withIntermediateDirectories: true,
            attributes: [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication])
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try url.setResourceValues(values)
        return url
    }
}

extension AppInfo {
    /// The app and the phone, as they are now. What this system does not tell stays open.
    @MainActor
    static func ofThisPhone() -> AppInfo {
        let info = Bundle.main.infoDictionary ?? [:]
        return AppInfo(
            version: info["CFBundleShortVersionString"] as? String ?? "0",
            build: info["CFBundleVersion"] as? String ?? "0",
            phoneName: model() + ", iOS " + UIDevice.current.systemVersion,
            devOptions: nil, adb: nil, debugger: isTraced(), hooked: nil, rooted: nil)
    }

    /// Such as `iPhone12,8`.
    private static func model() -> String {
        var system = utsname()
        uname(&system)
        return withUnsafeBytes(of: &system.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func isTraced() -> Bool? {
        var info = kinfo_proc()
        var size = MemoryLayout<kinfo_proc>.stride
        var name: [Int32] = [CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid()]
        guard sysctl(&name, UInt32(name.count), &info, &size, nil, 0) == 0 else {
            return nil
        }
        return info.kp_proc.p_flag & P_TRACED != 0
    }
}
