import Foundation
import TilikCore

/// Today's list, page by page.
@MainActor
public final class TodayModel: ScreenModel {
    private static let pageRows: UInt32 = 60
    @Published public var search = ""
    @Published public var order: TodayOrder = .distance
    @Published public private(set) var rows: [TodayRow] = []
    @Published public private(set) var total = 0
    @Published public private(set) var counts = TodayCounts(toVisit: 0, returned: 0, drafts: 0, waiting: 0, done: 0)
    /// The order really used: without a position it is by neighbourhood.
    @Published public private(set) var orderUsed: TodayOrder = .neighbourhood
    @Published public private(set) var notices: [Notice] = []
    /// Begun visits that no row leads to.
    @Published public private(set) var loose: [LooseDraft] = []
    @Published public private(set) var isLoaded = false
    private var round = 0

    /// From the top, as far as was already shown.
    public func load() async {
        round += 1
        let own = round
        let most = max(Self.pageRows, min(UInt32(rows.count), 200))
        guard let page = await page(from: 0, most: most), own == round else {
            return
        }
        rows = page.rows
        loose = page.loose
        show(page)
        notices = await ask { try $0.notices() } ?? notices
        isLoaded = true
    }

    /// The next page, when the last row comes into sight.
    public func loadMore() async {
        guard rows.count < total else {
            return
        }
        let own = round
        guard let page = await page(from: UInt32(rows.count), most: Self.pageRows), own == round else {
            return
        }
        // A row that moved in between is shown once.
        let known = Set(rows.map(\.case))
        rows += page.rows.filter { !known.contains($0.case) }
        show(page)
    }

    private func show(_ page: TodayPage) {
        total = Int(page.total)
        counts = page.counts
        orderUsed = page.order
    }

    private func page(from: UInt32, most: UInt32) async -> TodayPage? {
        let query = TodayQuery(search: search, order: order, here: host.here, from: from, most: most)
        return await ask { try $0.today(query: query) }
    }

    /// What was begun, where and when.
    public func text(_ draft: LooseDraft) -> String {
        let place = [draft.name, draft.village].compactMap { $0 }.joined(separator: ", ")
        let key = draft.kind == .finding ? "today_loose_finding" : "today_loose_visit"
        return words(key, place, formats.moment(micros: draft.arrivedAt))
    }

    /// How many are in which state, only what there is.
    public var countsText: String {
        let all: [(String, UInt32)] = [
            ("count_returned", counts.returned), ("count_drafts", counts.drafts), ("count_to_visit", counts.toVisit),
            ("count_waiting", counts.waiting), ("count_done", counts.done),
        ]
        return all.filter { $0.1 > 0 }.map { words($0.0, formats.count($0.1)) }.joined(separator: " · ")
    }

    /// The second line of a row: how far and where to, or the neighbourhood.
    public func place(of row: TodayRow) -> String {
        let neighbourhood = words("rt_rw", row.rt, row.rw) + ", " + row.village
        guard let metres = row.distanceM else {
            return neighbourhood
        }
        var far = formats.distance(metres: metres)
        if let bearing = row.bearingDeg {
            far = words("row_way", far, formats.direction(bearing: bearing))
        }
        return far + " · " + neighbourhood
    }

    /// What is read aloud for a row, whole.
    public func spoken(_ row: TodayRow) -> String {
        var parts = [row.name, words.of(row.mark), words.of(row.kind), row.address, place(of: row)]
        if let days = row.closesInDays {
            parts.append(formats.closes(inDays: days))
        }
        if row.training {
            parts.append(words("training_short"))
        }
        return parts.joined(separator: ". ")
    }
}
