import Foundation
import TilikCore

/// One case.
@MainActor
public final class CaseModel: ScreenModel {
    public let caseId: CaseId
    @Published public private(set) var view: CaseView?
    @Published public private(set) var photo: Data?
    /// The case left the phone: moved, closed, or decided.
    @Published public private(set) var isGone = false

    public init(host: PhoneHost, caseId: CaseId) {
        self.caseId = caseId
        super.init(host: host)
    }

    public func load() async {
        let (id, here) = (caseId, host.here)
        guard let view = await ask({ try $0.caseView(case: id, here: here) }) else {
            return
        }
        self.view = view
        isGone = view == nil
        if photo == nil, view?.lastPhoto?.onPhone == true {
            photo = (await ask { try $0.housePhoto(case: id) }) ?? nil
        }
    }

    /// Begins or goes on. The visit to show.
    public func act(_ action: CaseAction) async -> VisitId? {
        let id = caseId
        let visit = await ask { try $0.act(case: id, action: action) }
        if visit != nil {
            await host.refresh()
        }
        return visit
    }

    /// What a button says.
    public func title(_ action: CaseAction) -> String {
        if case let .visit(kind) = action {
            return words("begin_" + textKey(kind).dropFirst("visit_kind_".count))
        }
        return words.of(action)
    }

    public func wayText(_ way: Way) -> String {
        if way.hereIsWithin {
            return words("way_within")
        }
        return words(
            "row_way", formats.distance(metres: way.distanceM), formats.direction(bearing: way.bearingDeg))
    }

    /// What a reason of a return is about, in words.
    public func about(_ reason: ReturnedReason) -> String {
        returnedAbout(reason, words)
    }
}

/// A photo, the pin, a question, or the visit as a whole.
func returnedAbout(_ reason: ReturnedReason, _ words: Words) -> String {
    if let kind = reason.photoKind {
        return words.of(kind)
    }
    if reason.photo != nil {
        return words("returned_about_photo")
    }
    if reason.aboutPin {
        return words("returned_pin")
    }
    return reason.question ?? words("returned_about_visit")
}
