import Foundation
import TilikCore

/// A visit being recorded: which of its screens is shown. The core says what comes next.
@MainActor
public final class VisitModel: ScreenModel {
    public let visit: VisitId
    @Published public private(set) var step: VisitStep?
    @Published public private(set) var isOver = false

    public init(host: PhoneHost, visit: VisitId) {
        self.visit = visit
        super.init(host: host)
    }

    /// To what the core asks for next.
    public func goOn() async {
        let id = visit
        if let next = await ask({ try $0.nextStep(visit: id) }) {
            step = next
        }
    }

    /// To what comes after a step that is done.
    private func goOn(after done: VisitStep) async {
        let id = visit
        if let next = await ask({ try $0.stepAfter(visit: id, done: done) }) {
            step = next
        }
    }

    /// Back to a step that was done, to look or to mend.
    public func goTo(_ step: VisitStep) {
        self.step = step
    }

    /// Throws the draft away.
    public func discard() async {
        let id = visit
        if await ask({ try $0.discard(visit: id) }) != nil {
            isOver = true
            await host.refresh()
        }
    }

    /// The notice was read to the respondent.
    public func noticeRead() async {
        let id = visit
        if await ask({ try $0.noticeRead(visit: id) }) != nil {
            await goOn(after: .notice)
        }
    }

    /// Why nobody could be seen.
    public func cannotBeSeen(_ reason: UnreachableReason) async {
        let id = visit
        if await ask({ try $0.setUnreachable(visit: id, reason: reason) }) != nil {
            await goOn()
        }
    }
}

/// The photos of a visit.
@MainActor
public final class CameraModel: ScreenModel {
    public let visit: VisitId
    @Published public private(set) var view: CameraView?
    /// What is photographed next; the core proposes, the officer may choose.
    @Published public var kind: PhotoKind?
    /// The verdict on the last photo, until the next one is taken.
    @Published public private(set) var last: PhotoTaken?
    @Published public private(set) var level: LevelHint?
    private var views: [PhotoId: Data] = [:]

    public init(host: PhoneHost, visit: VisitId) {
        self.visit = visit
        super.init(host: host)
    }

    public func load() async {
        let id = visit
        if let view = await ask({ try $0.cameraView(visit: id) }) {
            show(view)
        }
    }

    private func show(_ view: CameraView) {
        self.view = view
        kind = view.next
    }

    /// What the camera gave.
    public func taken(jpeg: Data, atMicros: Int64) async {
        let id = visit
        guard let kind = kind ?? view?.next else {
            return
        }
        let photo = NewPhoto(kind: kind, jpeg: jpeg, takenAtMicros: atMicros)
        guard let taken = await ask({ try $0.addPhoto(visit: id, photo: photo) }) else {
            return
        }
        last = taken
        await load()
    }

    public func drop(_ photo: PhotoId) async {
        let id = visit
        if await ask({ try $0.dropPhoto(visit: id, photo: photo) }) != nil {
            if last?.id == photo {
                last = nil
            }
            await load()
        }
    }

    /// Lets a photo of the returned visit stand.
    public func keep(_ photo: PhotoId) async {
        let id = visit
        if await ask({ try $0.keepPhoto(visit: id, photo: photo) }) != nil {
            await load()
        }
    }

    public func setNarrow(_ narrow: Bool) async {
        let id = visit
        if let view = await ask({ try $0.setNarrow(visit: id, narrow: narrow) }) {
            show(view)
        }
    }

    /// How the phone is held; gravity in m/s², in the phone's axes.
    public func tilted(x: Double, y: Double, z: Double) {
        let hint = TilikCore.level(x: Float(x), y: Float(y), z: Float(z))
        // Ten times a second the same hint would redraw the screen for nothing.
        if hint != level {
            level = hint
        }
    }

    /// The small view of a photo, from the encrypted store.
    public func small(_ photo: PhotoId) async -> Data? {
        if let known = views[photo] {
            return known
        }
        let bytes = (await ask { try $0.photoView(photo: photo) }) ?? nil
        views[photo] = bytes
        return bytes
    }

    /// The verdict in words.
    public var verdict: String? {
        guard let last else {
            return nil
        }
        if last.verdicts.isEmpty {
            return words("verdict_good")
        }
        return last.verdicts.map { words.of($0) }.joined(separator: ", ")
    }

    public var levelText: String? {
        guard let level else {
            return nil
        }
        if level.isLevel {
            return words("level_good")
        }
        return words(abs(level.rollDeg) >= abs(level.pitchDeg) ? "level_roll" : "level_pitch")
    }

    /// What a kind of photo still needs, for eyes and for VoiceOver.
    public func slotText(_ slot: PhotoSlot) -> String {
        if slot.photos.isEmpty {
            return words.of(slot.kind) + ", " + words(slot.needed ? "slot_needed" : "slot_optional")
        }
        return words.of(slot.kind) + ", " + words("slot_taken", formats.count(slot.photos.count))
    }
}

/// The pin at the front door.
@MainActor
public final class PinModel: ScreenModel {
    public let visit: VisitId
    @Published public private(set) var view: PinView?
    @Published public var reason = ""
    private var isListening = false
    private var latest: Fix?

    public init(host: PhoneHost, visit: VisitId) {
        self.visit = visit
        super.init(host: host)
    }

    public func begin() async {
        let id = visit
        if let view = await ask({ try $0.beginPin(visit: id) }) {
            self.view = view
        }
    }

    /// A fix that the phone heard. While one is being weighed only the newest waits.
    public func heard(_ fix: Fix) async {
        latest = fix
        guard !isListening else {
            return
        }
        isListening = true
        while let next = latest {
            latest = nil
            let id = visit
            if let view = await ask({ try $0.onFix(visit: id, fix: next) }) {
                self.view = view
            }
        }
        isListening = false
    }

    /// Takes the average. Whether it stands.
    public func take() async -> Bool {
        let (id, why) = (visit, written)
        guard let view = await ask({ try $0.takePin(visit: id, reason: why) }) else {
            return false
        }
        self.view = view
        return view.set != nil
    }

    /// Puts the pin where the officer says. Whether it stands.
    public func place(_ place: Place) async -> Bool {
        let (id, why) = (visit, written ?? "")
        guard let view = await ask({ try $0.placePin(visit: id, place: place, reason: why) }) else {
            return false
        }
        self.view = view
        return view.set != nil
    }

    private var written: String? {
        let trimmed = reason.trimmingCharacters(in: .whitespacesAndNewlines)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// What is read aloud when it changes.
    public var spoken: String {
        guard let view else {
            return words("pin_hint_searching")
        }
        var parts = [words.of(view.hint)]
        if let accuracy = view.accuracyCm {
            parts.append(formats.accuracy(centimetres: accuracy))
        }
        parts.append(words("pin_fixes", formats.count(view.fixes), formats.count(view.wanted)))
        return parts.joined(separator: ". ")
    }
}

/// The questions, one by one.
@MainActor
public final class QuestionsModel: ScreenModel {
    public let visit: VisitId
    @Published public private(set) var questions: [QuestionView] = []
    @Published public private(set) var index = 0
    /// What is typed for a number or a text, before it is an answer.
    @Published public var typed = ""
    /// All that are asked were gone through.
    @Published public private(set) var isDone = false

    public init(host: PhoneHost, visit: VisitId) {
        self.visit = visit
        super.init(host: host)
    }

    public var current: QuestionView? {
        questions.indices.contains(index) ? questions[index] : nil
    }

    /// Begins with the first that is open.
    public func load() async {
        guard let all = await list() else {
            return
        }
        questions = all
        show(all.firstIndex { $0.answer == nil } ?? 0)
    }

    /// Answers with a choice, or with yes or no, and goes on.
    public func choose(_ value: String) async {
        if await put(value) {
            await next()
        }
    }

    /// Takes what was typed and goes on; nothing typed is no answer.
    public func next() async {
        guard let current else {
            return
        }
        switch current.kind {
        case .number, .text:
            let value = typed.trimmingCharacters(in: .whitespacesAndNewlines)
            guard await put(value.isEmpty ? nil : value) else {
                return
            }
        case .yesNo, .choice:
            break
        }
        // The core says what is wrong with an answer, and which questions are asked now.
        guard let all = await list() else {
            return
        }
        let at = all.firstIndex { $0.id == current.id } ?? index
        questions = all
        if all.indices.contains(at), all[at].fault != nil, all[at].answer != nil {
            show(at)
        } else if at + 1 < all.count {
            show(at + 1)
        } else if let open = all.firstIndex(where: { $0.fault != nil }) {
            show(open)
        } else {
            isDone = true
        }
    }

    public func back() {
        if index > 0 {
            show(index - 1)
        }
    }

    private func show(_ index: Int) {
        self.index = index
        isDone = questions.isEmpty
        typed = current?.answer ?? ""
    }

    private func list() async -> [QuestionView]? {
        let id = visit
        return await ask { try $0.questions(visit: id) }
    }

    private func put(_ value: String?) async -> Bool {
        guard let question = current?.id else {
            return false
        }
        let id = visit
        return await ask { try $0.answer(visit: id, question: question, value: value) } != nil
    }
}

/// Everything at a glance, and the seal.
@MainActor
public final class SummaryModel: ScreenModel {
    public let visit: VisitId
    @Published public private(set) var view: SummaryView?
    @Published public private(set) var sealed: SealedView?

    public init(host: PhoneHost, visit: VisitId) {
        self.visit = visit
        super.init(host: host)
    }

    public func load() async {
        let id = visit
        view = await ask { try $0.summary(visit: id) } ?? view
    }

    /// Seals: encrypted, hashed, signed and in the outbox, or nothing.
    public func seal() async {
        let id = visit
        guard let sealed = await ask({ try $0.seal(visit: id) }) else {
            return await load()
        }
        self.sealed = sealed
        await host.acted()
    }

    public func warningText(_ warning: SummaryWarning) -> String {
        switch warning {
        case let .photoVerdict(photo, verdict):
            let kind = view?.draft.photos.first { $0.id == photo }?.kind
            return words(textKey(warning), (kind.map { words.of($0) + ", " } ?? "") + words.of(verdict))
        case let .pinFar(metres):
            return words(textKey(warning), formats.distance(metres: metres))
        case .pinMocked, .pinPoor, .clockOff, .spaceLow:
            return words.of(warning)
        }
    }
}
