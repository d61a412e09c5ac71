import Foundation

#if canImport(CryptoKit)
import CryptoKit

/// A software key, as a phone without a keystore would have it.
final class TestKey: @unchecked Sendable {
    private let key = P256.Signing.PrivateKey()
    var publicKey: Data { key.publicKey.x963Representation }

    init?() {}

    func sign(_ message: Data) -> Data? {
        try? key.signature(for: message).derRepresentation
    }
}
#else
import Glibc

/// The same where there is no CryptoKit: OpenSSL, loaded when the tests run. Nothing where there is no OpenSSL.
final class TestKey: @unchecked Sendable {
    let publicKey: Data
    private let library: UnsafeMutableRawPointer
    private let key: OpaquePointer

    private typealias Make = @convention(c) (Int32, OpaquePointer?) -> OpaquePointer?
    private typealias New = @convention(c) () -> OpaquePointer?
    private typealias One = @convention(c) (OpaquePointer) -> Int32
    private typealias Curve = @convention(c) (OpaquePointer, Int32) -> Int32
    private typealias Generate = @convention(c) (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    private typealias Encode = @convention(c) (OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
    private typealias Begin = @convention(c) (OpaquePointer, OpaquePointer?, OpaquePointer?, OpaquePointer?, OpaquePointer)
        -> Int32
    private typealias Sign = @convention(c) (
        OpaquePointer, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>, UnsafePointer<UInt8>?, Int
    ) -> Int32
    private typealias Free = @convention(c) (OpaquePointer) -> Void

    init?() {
        guard let library = dlopen("libcrypto.so.3", RTLD_NOW),
              let context = Self.find(library, "EVP_PKEY_CTX_new_id", Make.self)?(408, nil)
        else {
            return nil
        }
        var made: OpaquePointer?
        // 408 is an elliptic curve, 415 P-256.
        guard Self.find(library, "EVP_PKEY_keygen_init", One.self)?(context) == 1,
              Self.find(library, "EVP_PKEY_CTX_set_ec_paramgen_curve_nid", Curve.self)?(context, 415) == 1,
              Self.find(library, "EVP_PKEY_keygen", Generate.self)?(context, &made) == 1, let key = made,
              let encode = Self.find(library, "i2d_PUBKEY", Encode.self)
        else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: Int(encode(key, nil)))
        let length = bytes.withUnsafeMutableBufferPointer { buffer -> Int32 in
            var at = buffer.baseAddress
            return encode(key, &at)
        }
        guard length > 65 else {
            return nil
        }
        // The point stands at the end of the structure.
        publicKey = Data(bytes.suffix(65))
        self.library = library
        self.key = key
    }

    func sign(_ message: Data) -> Data? {
        guard let context = Self.find(library, "EVP_MD_CTX_new", New.self)?(),
              let sha256 = Self.find(library, "EVP_sha256", New.self)?(),
              Self.find(library, "EVP_DigestSignInit", Begin.self)?(context, nil, sha256, nil, key) == 1,
              let sign = Self.find(library, "EVP_DigestSign", Sign.self)
        else {
            return nil
        }
        defer { Self.find(library, "EVP_MD_CTX_free", Free.self)?(context) }
        var length = 128
        var signature = [UInt8](repeating: 0, count: length)
        let bytes = [UInt8](message)
        guard sign(context, &signature, &length, bytes, bytes.count) == 1 else {
            return nil
        }
        return Data(signature.prefix(length))
    }

    private static func find<Function>(_ library: UnsafeMutableRawPointer, _ name: String, _: Function.Type) -> Function? {
        dlsym(library, name).map { unsafeBitCast($0, to: Function.self) }
    }
}
#endif
