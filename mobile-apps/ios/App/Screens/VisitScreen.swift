import SwiftUI
import TilikCore
import TilikKit

/// A visit being recorded: shows the screen of its step.
struct VisitScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: VisitModel
    @Binding var path: [Route]
    @State private var asksToDiscard = false

    var body: some View {
        Group {
            switch model.step {
            case nil:
                ScrollView { Trouble(text: model.trouble).padding() }
            case .photo:
                CaptureScreen(model: CameraModel(host: host, visit: model.visit), next: next)
            case .pin:
                PinScreen(model: PinModel(host: host, visit: model.visit), next: next)
            case .notice:
                NoticeScreen(model: model)
            case .questions:
                QuestionsScreen(model: QuestionsModel(host: host, visit: model.visit), next: next)
            case .whyNot:
                WhyNotScreen(model: model)
            case .summary:
                SummaryScreen(model: SummaryModel(host: host, visit: model.visit), goTo: model.goTo, done: leave)
            }
        }
        .navigationBarTitleDisplayMode(.inline)
        .toolbar {
            Menu {
                Button(model.words("discard"), role: .destructive) { asksToDiscard = true }
            } label: {
                Label(model.words("more_actions"), systemImage: "ellipsis.circle")
            }
        }
        .confirmationDialog(model.words("discard_why"), isPresented: $asksToDiscard, titleVisibility: .visible) {
            Button(model.words("discard"), role: .destructive) { Task { await model.discard() } }
            Button(model.words("cancel"), role: .cancel) {}
        }
        .onChange(of: model.isOver) { over in
            if over {
                leave()
            }
        }
        .task {
            if model.step == nil {
                await model.goOn()
            }
        }
    }

    private func next() {
        Task { await model.goOn() }
    }

    private func leave() {
        path.removeAll { $0 == .visit(model.visit) }
    }
}

/// What is read to the respondent, before photos of what is theirs and before the questions.
struct NoticeScreen: View {
    @ObservedObject var model: VisitModel
    private let notice = privacyNotice()

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 16) {
                Text(model.words("notice_how")).foregroundStyle(.secondary)
                ForEach(notice.paragraphs, id: \.self) { paragraph in
                    Text(paragraph).font(.title3)
                }
                Text(model.words("notice_version", notice.version)).font(.footnote).foregroundStyle(.secondary)
                Trouble(text: model.trouble)
            }
            .padding()
        }
        .navigationTitle(model.words("notice_title"))
        .staysLit()
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(title: model.words("notice_read"), isBusy: model.isBusy) {
                    Task { await model.noticeRead() }
                }
            }
        }
    }
}

/// Why nobody could be seen.
struct WhyNotScreen: View {
    @ObservedObject var model: VisitModel

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 16) {
                Text(model.words("why_not_how"))
                Trouble(text: model.trouble)
            }
            .padding()
        }
        .navigationTitle(model.words("why_not_title"))
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                ForEach([UnreachableReason.notFound, .refused, .inaccessible], id: \.self) { reason in
                    MainAction(title: model.words.of(reason), isBusy: model.isBusy) {
                        Task { await model.cannotBeSeen(reason) }
                    }
                }
            }
        }
    }
}

/// The questions, one by one, with large targets.
struct QuestionsScreen: View {
    @StateObject var model: QuestionsModel
    let next: () -> Void

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 20) {
                if let question = model.current {
                    Text(
                        model.words("question_number", model.formats.count(question.number), model.formats.count(question.total)))
                        .foregroundStyle(.secondary)
                    Text(question.text).font(.title2).accessibilityAddTraits(.isHeader)
                    if !question.required {
                        Text(model.words("question_optional")).foregroundStyle(.secondary)
                    }
                    if let fault = question.fault, question.answer != nil {
                        Trouble(text: model.words.of(fault))
                    }
                    answers(question)
                }
                Trouble(text: model.trouble)
            }
            .padding()
        }
        .navigationTitle(model.words("questions_title"))
        .task { await model.load() }
        .onChange(of: model.isDone) { done in
            if done {
                next()
            }
        }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                HStack(spacing: 10) {
                    if model.index > 0 {
                        OtherAction(title: model.words("question_before")) { model.back() }
                    }
                    MainAction(title: model.words("question_next"), isBusy: model.isBusy, isEnabled: model.current != nil) {
                        Task { await model.next() }
                    }
                }
            }
        }
    }

    @ViewBuilder private func answers(_ question: QuestionView) -> some View {
        switch question.kind {
        case .yesNo:
            choice("yes", model.words("yes"), question)
            choice("no", model.words("no"), question)
        case let .choice(options):
            ForEach(options, id: \.code) { option in
                choice(option.code, option.label, question)
            }
        case .number:
            TextField(model.words("question_answer"), text: $model.typed)
                .keyboardType(.numberPad)
                .textFieldStyle(.roundedBorder)
                .font(.title2)
        case .text:
            TextField(model.words("question_answer"), text: $model.typed, axis: .vertical)
                .lineLimit(3 ... 8)
                .textFieldStyle(.roundedBorder)
        }
    }

    private func choice(_ code: String, _ label: String, _ question: QuestionView) -> some View {
        let isChosen = question.answer == code
        return Button {
            Task { await model.choose(code) }
        } label: {
            HStack {
                Image(systemName: isChosen ? "largecircle.fill.circle" : "circle")
                Text(label).multilineTextAlignment(.leading)
                Spacer()
            }
            .font(.title3)
            .frame(maxWidth: .infinity, minHeight: 56)
        }
        .buttonStyle(.bordered)
        .accessibilityAddTraits(isChosen ? .isSelected : [])
    }
}

/// Everything at a glance, and the seal.
struct SummaryScreen: View {
    @StateObject var model: SummaryModel
    let goTo: (VisitStep) -> Void
    let done: () -> Void

    var body: some View {
        Group {
            if let sealed = model.sealed {
                sealedPart(sealed)
            } else {
                List {
                    if let view = model.view {
                        content(view)
                    }
                    Trouble(text: model.trouble)
                }
                .safeAreaInset(edge: .bottom) {
                    ActionBar {
                        MainAction(
                            title: model.words("seal"), isBusy: model.isBusy, isEnabled: model.view?.canSeal == true
                        ) {
                            Task { await model.seal() }
                        }
                    }
                }
            }
        }
        .navigationTitle(model.words("summary_title"))
        .task { await model.load() }
    }

    @ViewBuilder private func content(_ view: SummaryView) -> some View {
        Section {
            if view.draft.training {
                TrainingMark(words: model.words)
            }
            if !view.name.isEmpty {
                Text(view.name).font(.headline)
            }
            if !view.address.isEmpty {
                Text(view.address)
            }
            Line(title: view.village, value: model.words.of(view.draft.kind))
            Line(title: model.words("summary_arrived"), value: model.formats.moment(micros: view.draft.arrivedAt))
        }
        if !view.warnings.isEmpty || !view.draft.missing.isEmpty {
            Section {
                ForEach(Array(view.draft.missing.enumerated()), id: \.offset) { _, missing in
                    Label(model.words.of(missing), systemImage: "xmark.octagon.fill")
                }
                ForEach(Array(view.warnings.enumerated()), id: \.offset) { _, warning in
                    Label(model.warningText(warning), systemImage: "exclamationmark.triangle.fill")
                }
            }
        }
        Section {
            part(model.words("camera_title"), model.words("summary_photos", model.formats.count(view.draft.photos.count)), .photo)
            part(
                model.words("pin_title"),
                view.draft.pin.map { model.formats.accuracy(centimetres: $0.accuracyCm) } ?? model.words("pin_none"), .pin)
            if view.asked > 0 {
                part(
                    model.words("questions_title"),
                    model.words("summary_answers", model.formats.count(view.answered), model.formats.count(view.asked)),
                    .questions)
            }
            if let why = view.draft.unreachable {
                part(model.words("why_not_title"), model.words.of(why), .whyNot)
            }
        } footer: {
            Text(model.words("summary_seal_how"))
        }
    }

    private func part(_ title: String, _ value: String, _ step: VisitStep) -> some View {
        Button { goTo(step) } label: {
            HStack {
                Line(title: title, value: value)
                Image(systemName: "chevron.right").accessibilityHidden(true)
            }
            .frame(minHeight: 48)
        }
        .buttonStyle(.plain)
        .accessibilityHint(model.words("summary_change_hint"))
    }

    private func sealedPart(_ sealed: SealedView) -> some View {
        VStack(spacing: 16) {
            Spacer()
            Image(systemName: "checkmark.seal.fill").font(.system(size: 72)).foregroundStyle(.green).accessibilityHidden(true)
            Text(model.words("sealed_title")).font(.title.bold())
            Text(model.words("sealed_what", model.formats.count(sealed.photos), model.formats.bytes(sealed.bytes)))
            Text(model.words("sealed_number", model.formats.count(sealed.seq), model.formats.moment(micros: sealed.capturedAt)))
            Text(model.words("sealed_safe")).multilineTextAlignment(.center)
            Spacer()
        }
        .padding()
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(title: model.words("sealed_next"), act: done)
            }
        }
    }
}
