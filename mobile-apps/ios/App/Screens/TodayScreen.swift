import SwiftUI
import TilikCore
import TilikKit

/// Whom to visit, and in which order.
struct TodayScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @EnvironmentObject private var positions: Positions
    @StateObject var model: TodayModel
    @Binding var path: [Route]

    var body: some View {
        List {
            Section {
                notices
                ForEach(model.loose, id: \.visit) { draft in
                    Button { path.append(.visit(draft.visit)) } label: {
                        Label(model.text(draft), systemImage: "square.and.pencil")
                            .frame(maxWidth: .infinity, minHeight: 48, alignment: .leading)
                    }
                }
                counts
                Picker(model.words("today_order"), selection: $model.order) {
                    Text(model.words.of(TodayOrder.distance)).tag(TodayOrder.distance)
                    Text(model.words.of(TodayOrder.neighbourhood)).tag(TodayOrder.neighbourhood)
                }
                .pickerStyle(.segmented)
                if model.order == .distance, model.isLoaded, model.orderUsed == .neighbourhood {
                    position
                }
                Trouble(text: model.trouble)
            }
            Section {
                ForEach(model.rows, id: \.case) { row in
                    if let heading = row.heading {
                        Text(
                            model.words(
                                "row_heading", heading.rt, heading.rw, heading.village, model.formats.count(heading.count))
                        )
                        .font(.headline)
                        .accessibilityAddTraits(.isHeader)
                    }
                    Button { path.append(.oneCase(row.case)) } label: { TodayRowView(row: row, model: model) }
                        .buttonStyle(.plain)
                        .task {
                            if row.case == model.rows.last?.case {
                                await model.loadMore()
                            }
                        }
                }
                if model.isLoaded, model.rows.isEmpty {
                    Text(model.words(model.search.isEmpty ? "today_empty" : "today_not_found"))
                        .foregroundStyle(.secondary)
                }
            }
        }
        .navigationTitle(model.words("today_title"))
        .searchable(text: $model.search, prompt: model.words("today_search"))
        .toolbar {
            ToolbarItemGroup(placement: .navigationBarTrailing) {
                Button { path.append(.map(nil)) } label: { Label(model.words("map_title"), systemImage: "map") }
                Button { path.append(.settings) } label: { Label(model.words("settings_title"), systemImage: "gearshape") }
            }
        }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                HStack(spacing: 10) {
                    OtherAction(title: outboxTitle) { path.append(.outbox) }
                    OtherAction(title: model.words("finding")) { path.append(.finding) }
                }
            }
        }
        .task(id: model.search + model.words.of(model.order)) { await model.load() }
        .onChange(of: host.revision) { _ in Task { await model.load() } }
        .walks()
        .onAppear { Task { await model.load() } }
        .refreshable {
            try? await host.sender.sendNow()
            await model.load()
        }
    }

    private var outboxTitle: String {
        let waiting = host.status?.visitsWaiting ?? 0
        let title = model.words("outbox_title")
        return waiting == 0 ? title : title + " · " + model.words("count_unsent", model.formats.count(waiting))
    }

    @ViewBuilder private var notices: some View {
        if let first = model.notices.first {
            Button { path.append(.notices) } label: {
                VStack(alignment: .leading, spacing: 4) {
                    Label(noticeText(first, model.words, model.formats), systemImage: "bell.fill").font(.headline)
                    if model.notices.count > 1 {
                        Text(model.words("notices_more", model.formats.count(model.notices.count - 1)))
                    }
                }
                .frame(maxWidth: .infinity, minHeight: 48, alignment: .leading)
            }
        }
    }

    private var counts: some View {
        Text(model.countsText)
    }

    @ViewBuilder private var position: some View {
        if positions.trouble == .refused {
            PermissionRefused(words: model.words, text: model.words("place_no_permission_list"))
        } else {
            Text(model.words(positions.trouble == .switchedOff ? "place_off" : "today_no_place"))
        }
    }
}

/// One family of the list.
private struct TodayRowView: View {
    let row: TodayRow
    let model: TodayModel

    var body: some View {
        HStack(alignment: .top, spacing: 12) {
            Image(systemName: row.mark.symbol).font(.title2).foregroundStyle(row.mark.colour)
            VStack(alignment: .leading, spacing: 2) {
                Text(row.name).font(.headline)
                Text(row.address)
                Text(model.place(of: row)).foregroundStyle(.secondary)
                Text(model.words.of(row.mark) + " · " + model.words.of(row.kind)).foregroundStyle(.secondary)
                if let days = row.closesInDays {
                    Text(model.formats.closes(inDays: days))
                }
                if row.training {
                    TrainingMark(words: model.words)
                }
            }
            Spacer(minLength: 0)
        }
        .padding(.vertical, 6)
        .frame(minHeight: 64)
        .contentShape(Rectangle())
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(model.spoken(row))
        .accessibilityAddTraits(.isButton)
    }
}
