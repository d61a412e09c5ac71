import SwiftUI
import TilikCore
import TilikKit

/// One case: whom, where, what is asked, and what was returned.
struct CaseScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @EnvironmentObject private var positions: Positions
    @StateObject var model: CaseModel
    @Binding var path: [Route]

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 16) {
                Trouble(text: model.trouble)
                if let view = model.view {
                    family(view)
                    if let returned = view.returned {
                        ReturnedPart(returned: returned, model: model)
                    }
                    way(view)
                    lastPhoto(view)
                    asked(view)
                } else if model.isGone {
                    Text(model.words("case_gone"))
                }
            }
            .padding()
        }
        .navigationTitle(model.words("case_title"))
        .navigationBarTitleDisplayMode(.inline)
        .toolbar {
            Button { path.append(.map(model.caseId)) } label: { Label(model.words("map_title"), systemImage: "map") }
        }
        .safeAreaInset(edge: .bottom) {
            if let actions = model.view?.actions, !actions.isEmpty {
                ActionBar {
                    ForEach(Array(actions.enumerated()), id: \.offset) { place, action in
                        if place == 0 {
                            MainAction(title: model.title(action), isBusy: model.isBusy) { act(action) }
                        } else {
                            OtherAction(title: model.title(action)) { act(action) }
                        }
                    }
                }
            }
        }
        .walks()
        .onAppear { Task { await model.load() } }
        .onChange(of: host.revision) { _ in Task { await model.load() } }
        .onChange(of: host.here) { _ in Task { await model.load() } }
    }

    private func act(_ action: CaseAction) {
        Task {
            guard let visit = await model.act(action) else {
                return
            }
            if case .seeSealed = action {
                path.append(.sealed(visit))
            } else {
                path.append(.visit(visit))
            }
        }
    }

    private func family(_ view: CaseView) -> some View {
        VStack(alignment: .leading, spacing: 6) {
            if view.training {
                TrainingMark(words: model.words)
            }
            Text(view.name).font(.title2.bold()).accessibilityAddTraits(.isHeader)
            Text(view.address)
            Text(model.words("rt_rw", view.rt, view.rw) + ", " + view.village)
            Label(model.words.of(view.mark), systemImage: view.mark.symbol)
            if !view.programs.isEmpty {
                Text(model.words("case_programs", view.programs.joined(separator: ", ")))
            }
            if let days = view.closesInDays {
                Text(model.formats.closes(inDays: days))
            }
        }
    }

    @ViewBuilder private func way(_ view: CaseView) -> some View {
        if let way = view.way {
            HStack(spacing: 16) {
                if let heading = positions.heading, !way.hereIsWithin {
                    Image(systemName: "location.north.fill")
                        .font(.largeTitle)
                        .rotationEffect(.degrees(Double(way.bearingDeg) - heading))
                        .accessibilityHidden(true)
                }
                Text(model.wayText(way)).font(.title3)
            }
            .frame(minHeight: 48)
        } else if positions.trouble == .refused {
            PermissionRefused(words: model.words, text: model.words("place_no_permission_list"))
        } else if view.lastPin == nil {
            Text(model.words("case_no_pin"))
        } else {
            Text(model.words("place_unknown"))
        }
        if let pin = view.lastPin {
            Text(
                model.words(
                    "case_last_pin", model.formats.day(micros: pin.takenAt), model.formats.accuracy(centimetres: pin.accuracyCm)))
                .foregroundStyle(.secondary)
        }
    }

    @ViewBuilder private func lastPhoto(_ view: CaseView) -> some View {
        if let last = view.lastPhoto {
            StoredPhoto(bytes: model.photo, spoken: model.words("case_photo"))
            if !last.onPhone {
                Text(model.words("case_photo_later")).foregroundStyle(.secondary)
            } else if let at = last.takenAt {
                Text(model.words("case_photo_taken", model.formats.day(micros: at))).foregroundStyle(.secondary)
            }
        }
    }

    private func asked(_ view: CaseView) -> some View {
        VStack(alignment: .leading, spacing: 6) {
            Text(model.words("case_asked")).font(.headline).accessibilityAddTraits(.isHeader)
            ForEach(Array(view.asked.enumerated()), id: \.offset) { _, asked in
                Label(model.words.of(asked), systemImage: "checkmark.square")
            }
        }
    }
}

/// Why it came back: the photo, the reason, the note.
private struct ReturnedPart: View {
    let returned: ReturnedView
    let model: CaseModel

    var body: some View {
        VStack(alignment: .leading, spacing: 10) {
            Text(model.words("returned_title", model.formats.moment(micros: returned.at)))
                .font(.headline)
                .accessibilityAddTraits(.isHeader)
            ForEach(Array(returned.reasons.enumerated()), id: \.offset) { _, reason in
                ReasonView(reason: reason, model: model)
            }
            if returned.keptPhotos > 0 {
                Text(model.words("returned_kept", model.formats.count(returned.keptPhotos)))
            }
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(Color.orange.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
    }
}

private struct ReasonView: View {
    let reason: ReturnedReason
    let model: CaseModel
    @State private var photo: Data?

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Label(
                model.about(reason) + ": " + model.words.of(reason: reason.code),
                systemImage: reason.mended ? "checkmark.circle.fill" : "exclamationmark.circle.fill")
            if let note = reason.note {
                Text(model.words("returned_note", note))
            }
            if reason.mended {
                Text(model.words("returned_mended")).foregroundStyle(.secondary)
            }
            if let photo {
                StoredPhoto(bytes: photo, spoken: model.about(reason)).frame(maxHeight: 200)
            }
        }
        .task {
            if let id = reason.photo {
                photo = (await model.ask { try $0.photoView(photo: id) }) ?? nil
            }
        }
    }
}
