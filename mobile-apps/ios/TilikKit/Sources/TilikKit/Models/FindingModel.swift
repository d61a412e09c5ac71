import Foundation
import TilikCore

/// Something that is on no list: where it is; the visit asks the rest.
@MainActor
public final class FindingModel: ScreenModel {
    @Published public private(set) var villages: [VillageChoice] = []
    @Published public var chosen: RegionCode?

    public func load() async {
        villages = await ask { try $0.villages() } ?? villages
        if villages.count == 1 {
            chosen = villages.first?.region
        }
    }

    /// The visit to show.
    public func begin() async -> VisitId? {
        guard let village = villages.first(where: { $0.region == chosen }) else {
            trouble = words("finding_where")
            return nil
        }
        let begin = BeginVisit(case: nil, kind: .finding, region: village.region, training: village.training)
        let visit = await ask { try $0.beginVisit(begin: begin) }
        if visit != nil {
            await host.refresh()
        }
        return visit
    }
}
