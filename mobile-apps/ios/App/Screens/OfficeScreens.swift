import SwiftUI
import TilikCore
import TilikKit

/// Something that is on no list: where it is; the visit asks the rest.
struct FindingScreen: View {
    @StateObject var model: FindingModel
    @Binding var path: [Route]

    var body: some View {
        List {
            Section {
                Text(model.words("finding_how"))
                Trouble(text: model.trouble)
            }
            Section(model.words("finding_where")) {
                ForEach(model.villages, id: \.region) { village in
                    Button { model.chosen = village.region } label: {
                        HStack {
                            Text(village.name)
                            if village.training {
                                TrainingMark(words: model.words)
                            }
                            Spacer()
                            if model.chosen == village.region {
                                Image(systemName: "checkmark")
                            }
                        }
                        .frame(minHeight: 48)
                        .contentShape(Rectangle())
                    }
                    .buttonStyle(.plain)
                    .accessibilityAddTraits(model.chosen == village.region ? .isSelected : [])
                }
            }
        }
        .navigationTitle(model.words("finding"))
        .task { await model.load() }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(title: model.words("finding_begin"), isBusy: model.isBusy, isEnabled: model.chosen != nil) {
                    Task {
                        if let visit = await model.begin() {
                            path.removeLast()
                            path.append(.visit(visit))
                        }
                    }
                }
            }
        }
    }
}

/// What the officer ought to know, most urgent first.
struct NoticesScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: NoticesModel
    @Binding var path: [Route]

    var body: some View {
        List {
            ForEach(Array(model.notices.enumerated()), id: \.offset) { _, notice in
                if let route = route(notice) {
                    Button { path.append(route) } label: { Text(model.text(notice)).frame(minHeight: 48) }
                } else {
                    Text(model.text(notice)).frame(minHeight: 48)
                }
            }
            if model.notices.isEmpty {
                Text(model.words("notices_empty")).foregroundStyle(.secondary)
            }
            Trouble(text: model.trouble)
        }
        .navigationTitle(model.words("notices_title"))
        .task { await model.load() }
        .onChange(of: host.revision) { _ in Task { await model.load() } }
    }

    /// Where something can be done about it.
    private func route(_ notice: Notice) -> Route? {
        switch notice {
        case .passwordNeeded: return .changePassword
        case .signInAgain: return .signIn
        case .needsAttention, .keyLost: return .outbox
        case .updateOffered, .updateNeeded, .spaceLow, .spaceFull: return .settings
        case .clockOff, .returned, .closingSoon, .unreadableRows, .deviceRevoked: return nil
        }
    }
}

/// Settings, the room that the app takes, and the way out.
struct SettingsScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: SettingsModel
    @Binding var path: [Route]

    var body: some View {
        List {
            Section {
                if let name = host.status?.username {
                    Text(model.words("settings_who", name))
                }
                if let server = Composition.server {
                    Line(title: model.words("enrol_server"), value: server.text)
                }
                if let at = host.status?.lastSyncAt {
                    Text(model.words("last_sync", model.formats.moment(micros: at)))
                }
                if let update = model.updateText {
                    Label(update, systemImage: "arrow.down.circle")
                }
                Trouble(text: model.trouble)
            }
            Section(model.words("send_title")) {
                Toggle(model.words("data_saver"), isOn: dataSaver).frame(minHeight: 48)
                Menu {
                    ForEach([HousePhotosWhen.unmetered, .always, .never], id: \.self) { when in
                        Button(model.words.of(when)) { Task { await model.setHousePhotos(when) } }
                    }
                } label: {
                    Line(
                        title: model.words("house_photos_title"),
                        value: model.storage.map { model.words.of($0.housePhotos) } ?? "")
                }
                .frame(minHeight: 48)
            }
            Section(model.words("storage_title")) {
                ForEach(model.parts, id: \.title) { part in
                    Line(title: part.title, value: part.size)
                }
                ForEach(model.roomLines, id: \.self) { Text($0) }
            }
            Section {
                row("report_title", .report)
                row("password_title", .changePassword)
                row("app_pin_change", .changePin)
                row("notices_title", .notices)
                row("sign_out_title", .signOut)
            }
            Section {
                Text(model.words("settings_version", version))
            }
        }
        .navigationTitle(model.words("settings_title"))
        .task { await model.load() }
        .onChange(of: host.revision) { _ in Task { await model.load() } }
    }

    private var version: String {
        Bundle.main.infoDictionary?["CFBundleShortVersionString"] as? String ?? ""
    }

    private var dataSaver: Binding<Bool> {
        Binding(get: { model.dataSaver }, set: { wait in Task { await model.setDataSaver(wait) } })
    }

    private func row(_ key: String, _ route: Route) -> some View {
        Button(model.words(key)) { path.append(route) }.frame(minHeight: 48)
    }
}

/// My month: on the screen, as a PDF, as plain text.
struct ReportScreen: View {
    @StateObject var model: ReportModel
    @State private var shared: Shared?

    var body: some View {
        List {
            Section {
                HStack {
                    Button { Task { await model.move(by: -1) } } label: {
                        Image(systemName: "chevron.left").frame(width: 48, height: 48)
                    }
                    .accessibilityLabel(model.words("report_before"))
                    Spacer()
                    Text(model.title).font(.headline)
                    Spacer()
                    Button { Task { await model.move(by: 1) } } label: {
                        Image(systemName: "chevron.right").frame(width: 48, height: 48)
                    }
                    .accessibilityLabel(model.words("report_after"))
                }
                .buttonStyle(.borderless)
                Trouble(text: model.trouble)
            }
            if let report = model.report {
                Section {
                    ForEach(model.sums(report), id: \.title) { sum in
                        Line(title: sum.title, value: sum.value)
                    }
                }
                Section(model.words("report_days")) {
                    ForEach(report.days, id: \.day) { day in
                        Line(
                            title: model.words("report_day", model.formats.count(day.day)),
                            value: model.words("report_day_visits", model.formats.count(day.visits)))
                    }
                }
            }
        }
        .navigationTitle(model.words("report_title"))
        .task { await model.load() }
        .sheet(item: $shared) { ShareSheet(items: $0.items) }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                HStack(spacing: 10) {
                    OtherAction(title: model.words("report_share_text")) {
                        if let report = model.report {
                            shared = Shared(items: [report.text])
                        }
                    }
                    MainAction(title: model.words("report_share_pdf"), isEnabled: model.report != nil, act: paper)
                }
            }
        }
    }

    private func paper() {
        guard let report = model.report else {
            return
        }
        do {
            let name = String(format: "laporan-%04d-%02d.pdf", Int(report.year), Int(report.month))
            let file = try PhoneFolder.shared().appendingPathComponent(name)
            try ReportPDF.draw(model.paper(report)).write(to: file, options: [.atomic, .completeFileProtection])
            shared = Shared(items: [file])
        } catch {
            model.trouble = model.words("file_cannot_write")
        }
    }
}

/// Signing out, with what is not sent yet.
struct SignOutScreen: View {
    @StateObject var model: SignOutModel

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 16) {
                Text(model.words("sign_out_how"))
                if model.view != nil, model.warnings.isEmpty {
                    Text(model.words("sign_out_clean"))
                }
                ForEach(model.warnings, id: \.self) { Trouble(text: $0) }
                Trouble(text: model.trouble)
            }
            .padding()
        }
        .navigationTitle(model.words("sign_out_title"))
        .task { await model.load() }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                Button(role: .destructive) { Task { await model.signOut() } } label: {
                    Text(model.words("sign_out"))
                        .font(.headline)
                        .frame(maxWidth: .infinity, minHeight: 56)
                }
                .buttonStyle(.borderedProminent)
                .disabled(model.isBusy || model.view == nil)
            }
        }
    }
}
