import Foundation

/// Bodies of uploads as files. URLSession sends files whole, so a part of one is copied first.
public enum BodyFile {
    /// The file to send for a part of `path`: itself when the part is all of it, else a copy in `folder` named by `id`.
    public static func prepare(
        path: String, offset: UInt64, length: UInt64, id: String, folder: URL
    ) throws -> (file: URL, isTemporary: Bool) {
        let source = URL(fileURLWithPath: path)
        let input = try FileHandle(forReadingFrom: source)
        defer { try? input.close() }
        let size = try input.seekToEnd()
        guard offset <= size, length <= size - offset else {
            throw CocoaError(.fileReadCorruptFile)
        }
        if offset == 0, length == size {
            return (source, false)
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let part = folder.appendingPathComponent(id).appendingPathExtension("part")
        guard FileManager.default.createFile(atPath: part.path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        let output = try FileHandle(forWritingTo: part)
        defer { try? output.close() }
        try input.seek(toOffset: offset)
        var left = length
        while left > 0 {
            let most = Int(min(left, 256 * 1024))
            guard let bytes = try input.read(upToCount: most), !bytes.isEmpty else {
                throw CocoaError(.fileReadCorruptFile)
            }
            try output.write(contentsOf: bytes)
            left -= UInt64(bytes.count)
        }
        return (part, true)
    }

    /// Removes the copies that no call needs any more.
    public static func sweep(folder: URL, keeping ids: Set<String>) {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        for file in files where !ids.contains(file.deletingPathExtension().lastPathComponent) {
            try? FileManager.default.removeItem(at: file)
        }
    }
}
