import Foundation
import XCTest

@testable import TilikKit

extension Words {
    /// The words that the app ships, read from its own file.
    static let ofTheApp = Words(table: appTable)

    private init(table: [String: String]) {
        self.init { table[$0] }
    }

    /// Every key and its words.
    static let appTable: [String: String] = {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .appendingPathComponent("../../../App/Resources/id.lproj/Localizable.strings")
            .standardized
        guard let data = try? Data(contentsOf: file),
              let table = try? PropertyListSerialization.propertyList(from: data, format: nil) as? [String: String]
        else {
            return strings(String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self))
        }
        return table
    }()

    /// Foundation outside Apple's systems does not read `"key" = "words";` everywhere.
    private static func strings(_ text: String) -> [String: String] {
        var table: [String: String] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("\"") && line.hasSuffix("\";") {
            let parts = line.dropFirst().dropLast(2).components(separatedBy: "\" = \"")
            if parts.count == 2 {
                table[parts[0]] = parts[1].replacingOccurrences(of: "\\\"", with: "\"")
            }
        }
        return table
    }
}
