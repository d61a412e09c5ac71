import Foundation
import Security
import TilikCore

/// Small secrets in the keychain: on this phone only, and readable after the first unlock so that sending goes on.
enum Keychain {
    /// The secret called `name`; nothing when there is none.
    static func read(_ name: String) throws -> Data? {
        var query = item(name)
        query[kSecReturnData as String] = true
        query[kSecMatchLimit as String] = kSecMatchLimitOne
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        switch status {
        case errSecSuccess:
            return found as? Data
        case errSecItemNotFound:
            return nil
        case errSecInteractionNotAllowed:
            throw PortError.Locked
        default:
            throw PortError.Failed
        }
    }

    /// Keeps a new secret; an old one of the same name is never overwritten.
    static func add(_ name: String, _ secret: Data) throws {
        var query = item(name)
        query[kSecValueData as String] = secret
        query[kSecAttrAccessible as String] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        let status = SecItemAdd(query as CFDictionary, nil)
        switch status {
        case errSecSuccess:
            return
        case errSecInteractionNotAllowed:
            throw PortError.Locked
        default:
            throw PortError.Failed
        }
    }

    /// Takes a secret away; one that is not there is fine.
    static func remove(_ name: String) throws {
        let status = SecItemDelete(item(name) as CFDictionary)
        switch status {
        case errSecSuccess, errSecItemNotFound:
            return
        case errSecInteractionNotAllowed:
            throw PortError.Locked
        default:
            throw PortError.Failed
        }
    }

    private static func item(_ name: String) -> [String: Any] {
        [
            kSecClass as String: kSecClassGenericPassword,
            kSecAttrService as String: "id.tilik.app",
            kSecAttrAccount as String: name,
            kSecAttrSynchronizable as String: false,
        ]
    }
}

/// The key of the databases: 32 random bytes, made once. A keychain that lost it gives another one, under which the core
/// cannot open what is there, and begins anew.
final class DatabaseKey: Keys {
    private static let name = "database-key"
    private let lock = NSLock()

    func databaseKey() throws -> Data {
        lock.lock()
        defer { lock.unlock() }
        if let key = try Keychain.read(Self.name) {
            return key
        }
        return try make()
    }

    func newDatabaseKey() throws -> Data {
        lock.lock()
        defer { lock.unlock() }
        try Keychain.remove(Self.name)
        return try make()
    }

    private func make() throws -> Data {
        let key = SystemChance().fill(len: 32)
        try Keychain.add(Self.name, key)
        return key
    }
}
