import CryptoKit
import Foundation
import Security
import TilikCore

/// The phone's signing key: in the Secure Enclave, or in software where there is none, which `level` says.
final class SigningKey: Signer {
    private static let enclaveName = "signing-key-enclave"
    private static let softwareName = "signing-key-software"
    private let lock = NSLock()
    private var key: Key?

    private enum Key {
        case enclave(SecureEnclave.P256.Signing.PrivateKey)
        case software(P256.Signing.PrivateKey)
    }

    /// P-256, SEC1 uncompressed.
    func publicKey() throws -> Data {
        switch try loaded() {
        case let .enclave(key):
            return key.publicKey.x963Representation
        case let .software(key):
            return key.publicKey.x963Representation
        }
    }

    func sign(message: Data) throws -> Data {
        let key = try loaded()
        do {
            switch key {
            case let .enclave(key):
                return try key.signature(for: message).derRepresentation
            case let .software(key):
                return try key.signature(for: message).derRepresentation
            }
        } catch {
            throw PortError.Failed
        }
    }

    func level() throws -> String {
        switch try loaded() {
        case .enclave:
            return "secure_enclave"
        case .software:
            return "software"
        }
    }

    /// The key that is, or a new one. What the keychain holds of an enclave's key is of use to this enclave only.
    private func loaded() throws -> Key {
        lock.lock()
        defer { lock.unlock() }
        if let key {
            return key
        }
        let found = try find() ?? make()
        key = found
        return found
    }

    private func find() throws -> Key? {
        if let wrapped = try Keychain.read(Self.enclaveName) {
            guard let key = try? SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: wrapped) else {
                throw PortError.Failed
            }
            return .enclave(key)
        }
        if let bytes = try Keychain.read(Self.softwareName) {
            guard let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) else {
                throw PortError.Failed
            }
            return .software(key)
        }
        return nil
    }

    private func make() throws -> Key {
        if SecureEnclave.isAvailable, let key = try? enclaveKey() {
            try Keychain.add(Self.enclaveName, key.dataRepresentation)
            return .enclave(key)
        }
        let key = P256.Signing.PrivateKey()
        try Keychain.add(Self.softwareName, key.rawRepresentation)
        return .software(key)
    }

    /// Usable after the first unlock, so that a round can be signed in the background.
    private func enclaveKey() throws -> SecureEnclave.P256.Signing.PrivateKey {
        guard let access = SecAccessControlCreateWithFlags(
            nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage, nil)
        else {
            throw PortError.Failed
        }
        return try SecureEnclave.P256.Signing.PrivateKey(accessControl: access)
    }
}
