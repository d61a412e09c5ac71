import Foundation
import TilikCore

/// What the officer ought to know, most urgent first.
@MainActor
public final class NoticesModel: ScreenModel {
    @Published public private(set) var notices: [Notice] = []

    public func load() async {
        notices = await ask { try $0.notices() } ?? notices
    }

    public func text(_ notice: Notice) -> String {
        noticeText(notice, words, formats)
    }
}

/// A notice in words.
public func noticeText(_ notice: Notice, _ words: Words, _ formats: Formats) -> String {
    let key = textKey(notice)
    switch notice {
    case let .updateOffered(version, bytes):
        return words(key, version, formats.bytes(bytes))
    case let .clockOff(ahead):
        return words(key, words(ahead > 0 ? "duration_ahead" : "duration_behind", formats.span(seconds: ahead)))
    case let .returned(count), let .needsAttention(count), let .unreadableRows(count), let .keyLost(count):
        return words(key, formats.count(count))
    case let .closingSoon(count, days):
        return words(key, formats.count(count), formats.count(days))
    case .updateNeeded, .passwordNeeded, .signInAgain, .spaceLow, .spaceFull, .deviceRevoked:
        return words(key)
    }
}

/// Settings and the room that the app takes.
@MainActor
public final class SettingsModel: ScreenModel {
    @Published public private(set) var storage: StorageView?
    @Published public private(set) var update: UpdateState = .none
    @Published public private(set) var dataSaver = false

    public func load() async {
        storage = await ask { try $0.storage() } ?? storage
        update = await ask { try $0.updateState() } ?? update
        dataSaver = host.status?.dataSaver ?? false
    }

    public func setDataSaver(_ photosWait: Bool) async {
        if await ask({ try $0.setDataSaver(photosWait: photosWait) }) != nil {
            dataSaver = photosWait
            await host.acted()
        }
    }

    public func setHousePhotos(_ when: HousePhotosWhen) async {
        if await ask({ try $0.setHousePhotos(when: when) }) != nil {
            await load()
            await host.acted()
        }
    }

    /// A newer app: on this system it comes from the store or from the phones' administration.
    public var updateText: String? {
        switch update {
        case .none:
            return nil
        case let .offered(version, _), let .fetching(version, _), let .ready(version, _):
            return words("update_from_store", version)
        }
    }

    /// What takes room, with its size.
    public var parts: [(title: String, size: String)] {
        guard let storage else {
            return []
        }
        return [
            (words("storage_sealed"), formats.bytes(storage.sealedBytes)),
            (words("storage_drafts"), formats.bytes(storage.draftsBytes)),
            (words("storage_house_photos"), formats.bytes(storage.housePhotosBytes)),
            (words("storage_databases"), formats.bytes(storage.databasesBytes)),
        ]
    }

    /// The room that is left, when the next will be, and how much is kept why.
    public var roomLines: [String] {
        guard let storage else {
            return []
        }
        var lines = [words("storage_free", formats.bytes(storage.freeBytes), formats.bytes(storage.totalBytes))]
        if storage.sealedVisits > 0 {
            lines.append(words("storage_kept", formats.count(storage.sealedVisits)))
        }
        if let at = storage.nextRemovalAt {
            lines.append(words("storage_removal", formats.day(micros: at)))
        }
        return lines
    }
}

/// The month's report.
@MainActor
public final class ReportModel: ScreenModel {
    @Published public private(set) var year: Int32
    @Published public private(set) var month: UInt32
    @Published public private(set) var report: MonthReport?

    public init(host: PhoneHost, now: Date = Date()) {
        (year, month) = host.formats.currentMonth(now: now)
        super.init(host: host)
    }

    public func load() async {
        let (year, month) = (year, month)
        report = await ask { try $0.monthReport(year: year, month: month) }
    }

    /// Another month, by so many.
    public func move(by months: Int) async {
        let all = Int(year) * 12 + Int(month) - 1 + months
        year = Int32(all / 12)
        month = UInt32(all % 12 + 1)
        await load()
    }

    public var title: String { formats.month(year: year, month: month) }

    /// The sums, as screen and paper show them.
    public func sums(_ report: MonthReport) -> [(title: String, value: String)] {
        [
            (words("sum_visits"), formats.count(report.visits)),
            (words("sum_photos"), formats.count(report.photos)),
            (words("sum_safe"), formats.count(report.safe)),
            (words("sum_findings"), formats.count(report.findings)),
            (words("sum_unreachable"), formats.count(report.unreachable)),
            (words("sum_returned"), formats.count(report.returned)),
        ]
    }

    /// The paper's content, for whoever can draw it.
    public func paper(_ report: MonthReport) -> ReportPaper {
        ReportPaper(
            title: words("report_paper_title", formats.month(year: report.year, month: report.month)),
            officer: words("report_officer", report.officer),
            columns: ["column_day", "column_visits", "column_quick", "column_full", "sum_unreachable", "sum_findings"]
                .map { words($0) },
            rows: report.days.map { day in
                [day.day, day.visits, day.quick, day.full, day.unreachable, day.findings].map { formats.count($0) }
            },
            sums: sums(report).map { $0.title + ": " + $0.value },
            page: { [words] page, pages in words("report_paper_foot", page, pages) })
    }
}

/// A month's report, laid out as text: a title, a table, sums.
public struct ReportPaper {
    public let title: String
    public let officer: String
    public let columns: [String]
    public let rows: [[String]]
    public let sums: [String]
    /// The foot of a page: its number, and how many there are.
    public let page: (String, String) -> String
}

/// Signing out, with what is not sent yet.
@MainActor
public final class SignOutModel: ScreenModel {
    @Published public private(set) var view: SignOutView?

    public func load() async {
        view = await ask { try $0.signOutView() } ?? view
    }

    public func signOut() async {
        if await ask({ try $0.signOut() }) != nil {
            await host.acted()
        }
    }

    /// What the officer leaves behind on this phone, one line each.
    public var warnings: [String] {
        guard let view else {
            return []
        }
        var lines: [String] = []
        if view.visitsWaiting > 0 || view.photosWaiting > 0 {
            lines.append(
                words("sign_out_unsent", formats.count(view.visitsWaiting), formats.count(view.photosWaiting)))
        }
        if view.drafts > 0 {
            lines.append(words("sign_out_drafts", formats.count(view.drafts)))
        }
        return lines
    }
}
