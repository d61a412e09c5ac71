import Foundation
import TilikCore

/// What is sealed on this phone, and what of it is safe.
@MainActor
public final class OutboxModel: ScreenModel {
    @Published public private(set) var view: OutboxSummary?
    @Published public private(set) var unsent: [VisitId] = []
    /// What was done, in words: exported, taken along.
    @Published public var told: String?

    public func load() async {
        view = await ask { try $0.outboxView() } ?? view
        unsent = await ask { try $0.unsent() } ?? unsent
    }

    public func sendNow() async {
        do {
            try await host.sender.sendNow()
        } catch {
            trouble = words.of(error: error)
        }
        await host.refresh()
        await load()
    }

    public func retry(_ visit: VisitId) async {
        if await ask({ try $0.retry(visit: visit) }) != nil {
            await host.acted()
            await load()
        }
    }

    public func setDataSaver(_ photosWait: Bool) async {
        if await ask({ try $0.setDataSaver(photosWait: photosWait) }) != nil {
            await host.acted()
            await load()
        }
    }

    /// Titip kirim: a file with what is not sent yet, in `folder`.
    public func export(to folder: URL, now: Date = Date()) async -> URL? {
        let file = folder.appendingPathComponent(Self.bundleName(now: now, minutesEast: host.status?.utcOffsetMin ?? 420))
        let visits = unsent
        guard let count = await ask({ try $0.exportBundle(visits: visits, file: file.path) }) else {
            return nil
        }
        told = words("carry_written", formats.count(count))
        return file
    }

    /// Takes a colleague's file along.
    public func take(_ file: URL) async {
        let path = file.path
        if let count = await ask({ try $0.importBundle(file: path) }) {
            told = count == 0 ? words("carry_nothing_new") : words("carry_taken", formats.count(count))
            await host.acted()
            await load()
        }
    }

    /// Such as `titip-kirim-20261129-0914.tilik`: a name that says nothing about anybody.
    nonisolated public static func bundleName(now: Date, minutesEast: Int32) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: Int(minutesEast) * 60)
        formatter.dateFormat = "yyyyMMdd-HHmm"
        return "titip-kirim-\(formatter.string(from: now)).tilik"
    }

    public func title(_ row: OutboxVisitView) -> String {
        row.title ?? words(row.titleKey)
    }

    /// `14 dari 15 foto aman di server`
    public func proof(_ visit: OutboxVisit) -> String {
        words("outbox_safe", formats.count(visit.photosSafe), formats.count(visit.photosTotal))
    }

    public func stateText(_ state: OutboxState) -> String {
        if case let .needsAttention(why) = state {
            return words.of(state) + ": " + whyText(why)
        }
        return words.of(state)
    }

    private func whyText(_ why: Why) -> String {
        switch why {
        case let .malformed(code), let .quarantined(code), let .photoRefused(code):
            return words(textKey(why), words.of(problem: code))
        case .conflict, .photoConflict, .fileMissing, .fileDamaged:
            return words.of(why)
        }
    }

    /// What one photo shows, when this phone can know it.
    public func photoTitle(_ photo: OutboxPhoto) -> String {
        photo.kind.map { words.of($0) } ?? words("photo_spoken")
    }

    /// Where one photo stands, with the proof of its receipt.
    public func photoText(_ photo: OutboxPhoto) -> String {
        if let problem = photo.problem {
            return words("photo_failed", words.of(error: CoreError.BadPhoto(problem: problem)))
        }
        if let safe = photo.safeAt {
            return words("safe_at", formats.moment(micros: safe))
        }
        if let received = photo.receivedAt {
            return words("received_at", formats.moment(micros: received))
        }
        if photo.sentBytes > 0 {
            return words("photo_sent_bytes", formats.bytes(photo.sentBytes), formats.bytes(photo.bytes))
        }
        return stateText(photo.state)
    }

    /// What the way to the server is like, when it is not as it ought to be.
    public var wayText: String? {
        switch host.senderState {
        case .badCertificate:
            return words("sender_certificate")
        case .portal:
            return words("sender_portal")
        case .noServer:
            return words("sender_no_address")
        case .idle, .sending:
            break
        }
        guard let problem = host.status?.lastProblem else {
            return nil
        }
        return words.of(problem: problem)
    }
}
