import SwiftUI
import TilikCore
import TilikKit
import UniformTypeIdentifiers

/// What is sealed on this phone: what is safe, what waits and why, and titip kirim.
struct OutboxScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: OutboxModel
    @Binding var path: [Route]
    @State private var shared: Shared?
    @State private var isImporting = false

    var body: some View {
        List {
            Section {
                Trouble(text: model.trouble ?? model.wayText)
                if let told = model.told {
                    Label(told, systemImage: "checkmark.circle.fill")
                }
                if let view = model.view {
                    summary(view)
                }
                if let at = host.status?.lastSyncAt {
                    Text(model.words("last_sync", model.formats.moment(micros: at)))
                }
                Toggle(model.words("data_saver"), isOn: dataSaver).frame(minHeight: 48)
            } footer: {
                Text(model.words("data_saver_how"))
            }
            Section {
                ForEach(model.view?.visits ?? [], id: \.visit.visit) { row in
                    Button { path.append(.sealed(row.visit.visit)) } label: { visit(row) }
                        .buttonStyle(.plain)
                }
                if model.view?.visits.isEmpty == true {
                    Text(model.words("outbox_empty")).foregroundStyle(.secondary)
                }
            }
            Section(model.words("carry_title")) {
                Text(model.words("carry_how"))
                if model.unsent.isEmpty {
                    Text(model.words("carry_none"))
                } else {
                    Text(model.words("carry_count", model.formats.count(model.unsent.count)))
                }
                OtherAction(title: model.words("carry_out")) { export() }
                    .disabled(model.unsent.isEmpty)
                OtherAction(title: model.words("carry_in")) { isImporting = true }
            }
        }
        .navigationTitle(model.words("outbox_title"))
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(
                    title: model.words(host.senderState == .sending ? "outbox_state_sending" : "send_now"), isBusy: model.isBusy
                ) {
                    Task { await model.sendNow() }
                }
            }
        }
        .task { await model.load() }
        .onChange(of: host.revision) { _ in Task { await model.load() } }
        .sheet(item: $shared) { ShareSheet(items: $0.items) }
        .fileImporter(isPresented: $isImporting, allowedContentTypes: [.data]) { picked in
            if case let .success(file) = picked {
                Task { await take(file) }
            }
        }
    }

    private var dataSaver: Binding<Bool> {
        Binding(get: { host.status?.dataSaver ?? false }, set: { wait in Task { await model.setDataSaver(wait) } })
    }

    private func export() {
        Task {
            guard let folder = try? PhoneFolder.shared() else {
                return model.trouble = model.words("file_cannot_write")
            }
            if let file = await model.export(to: folder) {
                shared = Shared(items: [file])
            }
        }
    }

    /// The picked file is somebody else's: it is copied here before the core reads it.
    private func take(_ file: URL) async {
        let isScoped = file.startAccessingSecurityScopedResource()
        defer {
            if isScoped {
                file.stopAccessingSecurityScopedResource()
            }
        }
        guard let folder = try? PhoneFolder.shared() else {
            return model.trouble = model.words("file_cannot_read")
        }
        let copy = folder.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: copy) }
        do {
            try FileManager.default.copyItem(at: file, to: copy)
        } catch {
            return model.trouble = model.words("file_cannot_read")
        }
        await model.take(copy)
    }

    @ViewBuilder private func summary(_ view: OutboxSummary) -> some View {
        Text(model.words("outbox_safe", model.formats.count(view.photosSafe), model.formats.count(view.photosTotal)))
            .font(.headline)
        Line(title: model.words("outbox_state_waiting"), value: model.formats.count(view.waiting))
        Line(title: model.words("outbox_state_sending"), value: model.formats.count(view.sending))
        Line(title: model.words("outbox_state_sent"), value: model.formats.count(view.sent))
        if view.attention > 0 {
            Line(title: model.words("outbox_state_needs_attention"), value: model.formats.count(view.attention))
        }
        if view.waitsForWifi {
            Label(model.words("waits_for_wifi"), systemImage: "wifi")
        }
    }

    private func visit(_ row: OutboxVisitView) -> some View {
        VStack(alignment: .leading, spacing: 2) {
            if row.visit.training {
                TrainingMark(words: model.words)
            }
            Text(model.title(row)).font(.headline)
            Text(model.formats.moment(micros: row.visit.capturedAt)).foregroundStyle(.secondary)
            Label(model.stateText(row.visit.state), systemImage: row.visit.state.symbol)
            Text(model.proof(row.visit))
            if row.visit.carried {
                Text(model.words("outbox_title_carried")).foregroundStyle(.secondary)
            }
        }
        .frame(maxWidth: .infinity, minHeight: 56, alignment: .leading)
        .contentShape(Rectangle())
        .accessibilityElement(children: .combine)
        .accessibilityAddTraits(.isButton)
    }
}

/// One sealed visit, with the proof of receipt of each photo.
struct SealedScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: OutboxModel
    let visit: VisitId

    private var row: OutboxVisitView? {
        model.view?.visits.first { $0.visit.visit == visit }
    }

    var body: some View {
        List {
            if let row {
                Section {
                    if row.visit.training {
                        TrainingMark(words: model.words)
                    }
                    Text(model.title(row)).font(.headline)
                    Label(model.stateText(row.visit.state), systemImage: row.visit.state.symbol)
                    Text(model.words("sealed_at", model.formats.moment(micros: row.visit.capturedAt)))
                    if let received = row.visit.receivedAt {
                        Text(model.words("received_at", model.formats.moment(micros: received)))
                    } else {
                        Text(model.words("not_received"))
                    }
                    Text(model.proof(row.visit))
                }
                Section {
                    ForEach(row.visit.photos, id: \.photo) { photo in
                        SealedPhoto(photo: photo, model: model)
                    }
                }
            } else {
                Text(model.words("outbox_visit_gone"))
            }
            Trouble(text: model.trouble)
        }
        .navigationTitle(model.words("outbox_visit_title"))
        .navigationBarTitleDisplayMode(.inline)
        .task { await model.load() }
        .onChange(of: host.revision) { _ in Task { await model.load() } }
        .safeAreaInset(edge: .bottom) {
            if case .needsAttention? = row?.visit.state {
                ActionBar {
                    MainAction(title: model.words("try_again"), isBusy: model.isBusy) {
                        Task { await model.retry(visit) }
                    }
                }
            }
        }
    }
}

private struct SealedPhoto: View {
    let photo: OutboxPhoto
    let model: OutboxModel
    @State private var bytes: Data?

    var body: some View {
        HStack(spacing: 12) {
            StoredPhoto(bytes: bytes, spoken: model.photoTitle(photo)).frame(width: 96)
            VStack(alignment: .leading) {
                Text(model.photoTitle(photo)).font(.headline)
                Text(model.photoText(photo))
                Text(model.formats.bytes(photo.bytes)).foregroundStyle(.secondary)
                if !photo.onPhone {
                    Text(model.words("photo_off_phone")).foregroundStyle(.secondary)
                }
            }
        }
        .accessibilityElement(children: .combine)
        .task {
            let id = photo.photo
            bytes = (await model.ask { try $0.photoView(photo: id) }) ?? nil
        }
    }
}

extension OutboxState {
    /// A sign beside the words.
    var symbol: String {
        switch self {
        case .waiting: return "clock"
        case .sending: return "arrow.up.circle"
        case .sent: return "checkmark.circle.fill"
        case .needsAttention: return "exclamationmark.circle.fill"
        }
    }
}
