import SwiftUI
import TilikCore
import TilikKit

/// The one action that a screen is for: wide, at the bottom, under the thumb.
struct MainAction: View {
    let title: String
    var isBusy = false
    var isEnabled = true
    let act: () -> Void

    var body: some View {
        Button(action: act) {
            HStack {
                if isBusy {
                    ProgressView()
                }
                Text(title).font(.headline).multilineTextAlignment(.center)
            }
            .frame(maxWidth: .infinity, minHeight: 56)
        }
        .buttonStyle(.borderedProminent)
        .disabled(!isEnabled || isBusy)
    }
}

/// Another action: as large, less loud.
struct OtherAction: View {
    let title: String
    var role: ButtonRole?
    let act: () -> Void

    var body: some View {
        Button(role: role, action: act) {
            Text(title).frame(maxWidth: .infinity, minHeight: 52).multilineTextAlignment(.center)
        }
        .buttonStyle(.bordered)
    }
}

/// The bottom of a screen, where its actions stand.
struct ActionBar<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        VStack(spacing: 10) {
            content
        }
        .padding()
        .frame(maxWidth: .infinity)
        .background(.bar)
    }
}

/// What went wrong, in words.
struct Trouble: View {
    let text: String?

    var body: some View {
        if let text {
            Label(text, systemImage: "exclamationmark.triangle.fill")
                .font(.body)
                .foregroundStyle(.primary)
                .padding(12)
                .frame(maxWidth: .infinity, alignment: .leading)
                .background(Color.orange.opacity(0.25), in: RoundedRectangle(cornerRadius: 12))
                .accessibilityAddTraits(.isStaticText)
        }
    }
}

/// A line of two: what, and how much.
struct Line: View {
    let title: String
    let value: String

    var body: some View {
        ViewThatFits(in: .horizontal) {
            HStack(alignment: .firstTextBaseline) {
                Text(title)
                Spacer()
                Text(value).foregroundStyle(.secondary)
            }
            VStack(alignment: .leading) {
                Text(title)
                Text(value).foregroundStyle(.secondary)
            }
        }
        .accessibilityElement(children: .combine)
    }
}

/// "Latihan": this never counts.
struct TrainingMark: View {
    let words: Words

    var body: some View {
        Text(words("training_short"))
            .font(.subheadline.bold())
            .padding(.horizontal, 10)
            .padding(.vertical, 4)
            .background(Color.purple.opacity(0.25), in: Capsule())
    }
}

/// A JPEG of the encrypted store.
struct StoredPhoto: View {
    let bytes: Data?
    let spoken: String

    var body: some View {
        if let bytes, let image = UIImage(data: bytes) {
            Image(uiImage: image)
                .resizable()
                .scaledToFit()
                .clipShape(RoundedRectangle(cornerRadius: 12))
                .accessibilityLabel(spoken)
        } else {
            RoundedRectangle(cornerRadius: 12)
                .fill(Color.secondary.opacity(0.15))
                .aspectRatio(4 / 3, contentMode: .fit)
                .overlay(Image(systemName: "house").font(.largeTitle).foregroundStyle(.secondary))
                .accessibilityLabel(spoken)
        }
    }
}

/// A permission was refused: why it is needed, and the way to the phone's settings.
struct PermissionRefused: View {
    let words: Words
    let text: String

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            Trouble(text: text)
            OtherAction(title: words("to_settings")) {
                if let url = URL(string: UIApplication.openSettingsURLString) {
                    UIApplication.shared.open(url)
                }
            }
        }
    }
}

extension View {
    /// The screen does not go dark while this is seen: the officer waits, aims or reads aloud, and touches nothing.
    func staysLit() -> some View {
        modifier(StaysLit())
    }
}

private struct StaysLit: ViewModifier {
    @State private var id = UUID()

    func body(content: Content) -> some View {
        content
            .onAppear { Lit.screens.insert(id) }
            .onDisappear { Lit.screens.remove(id) }
    }
}

extension View {
    /// Where the officer walks is heard while this is seen, and no longer: satellites empty a battery.
    func walks() -> some View {
        modifier(Walks())
    }
}

private struct Walks: ViewModifier {
    @EnvironmentObject private var positions: Positions
    @EnvironmentObject private var host: PhoneHost
    @State private var turn: Int?

    func body(content: Content) -> some View {
        content
            .onAppear { turn = positions.walk { [weak positions] in host.here = positions?.here } }
            .onDisappear {
                if let turn {
                    positions.stop(turn)
                }
                turn = nil
            }
    }
}

/// Of two screens that follow each other the first may go after the second came, so each is counted by itself.
@MainActor
private enum Lit {
    static var screens: Set<UUID> = [] {
        didSet { UIApplication.shared.isIdleTimerDisabled = !screens.isEmpty }
    }
}

/// What the system shares a file or a text with.
struct ShareSheet: UIViewControllerRepresentable {
    let items: [Any]

    func makeUIViewController(context: Context) -> UIActivityViewController {
        UIActivityViewController(activityItems: items, applicationActivities: nil)
    }

    func updateUIViewController(_ controller: UIActivityViewController, context: Context) {}
}

/// Something to share, once.
struct Shared: Identifiable {
    let id = UUID()
    let items: [Any]
}

extension TodayMark {
    /// A sign beside the words, so that no colour is the only one to tell.
    var symbol: String {
        switch self {
        case .returned: return "arrow.uturn.backward.circle.fill"
        case .draft: return "pencil.circle.fill"
        case .toVisit: return "house.circle"
        case .waiting: return "tray.and.arrow.up.fill"
        case .done: return "checkmark.circle.fill"
        }
    }

    var colour: Color {
        switch self {
        case .returned: return .orange
        case .draft: return .blue
        case .toVisit: return .primary
        case .waiting: return .secondary
        case .done: return .green
        }
    }
}
