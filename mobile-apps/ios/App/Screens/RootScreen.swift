import SwiftUI
import TilikCore
import TilikKit

/// The locked app: its PIN, or the password of somebody who forgot the PIN.
private struct LockScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @State private var isForgotten = false
    @State private var asks = false

    var body: some View {
        if isForgotten {
            NavigationStack {
                SignInScreen(model: SignInModel(host: host))
                    .toolbar {
                        ToolbarItem(placement: .cancellationAction) {
                            Button(host.words("cancel")) { isForgotten = false }
                        }
                    }
            }
        } else {
            VStack(spacing: 0) {
                PinCodeScreen(model: PinCodeModel(host: host, chooses: false))
                OtherAction(title: host.words("app_pin_forgot")) { asks = true }.padding([.horizontal, .bottom])
            }
            .confirmationDialog(host.words("app_pin_forgot_why"), isPresented: $asks, titleVisibility: .visible) {
                Button(host.words("app_pin_forgot_go")) { isForgotten = true }
                Button(host.words("cancel"), role: .cancel) {}
            }
        }
    }
}

/// Where a screen leads.
enum Route: Hashable {
    case oneCase(CaseId)
    case map(CaseId?)
    case visit(VisitId)
    case finding
    case outbox
    case sealed(VisitId)
    case notices
    case settings
    case report
    case changePassword
    case changePin
    case signIn
    case signOut
}

/// The door, and what lies behind it. In the app switcher nothing is seen.
struct RootScreen: View {
    @EnvironmentObject private var app: Composition
    @EnvironmentObject private var host: PhoneHost

    var body: some View {
        ZStack {
            gate
            if app.isHidden {
                Color(.systemBackground)
                    .ignoresSafeArea()
                    .overlay(Image(systemName: "house.fill").font(.system(size: 64)).foregroundStyle(.secondary))
                    .accessibilityHidden(true)
            }
        }
    }

    @ViewBuilder private var gate: some View {
        switch host.gate {
        case .opening:
            ProgressView(host.words("opening"))
        case let .broken(text):
            ScrollView {
                VStack(alignment: .leading, spacing: 16) {
                    Text(host.words("cannot_open")).font(.title2.bold())
                    Trouble(text: text)
                    Text(host.words("cannot_open_safe"))
                }
                .padding()
            }
            .safeAreaInset(edge: .bottom) {
                ActionBar {
                    MainAction(title: host.words("try_again")) { Task { await host.refresh() } }
                }
            }
        case .enrol:
            NavigationStack {
                EnrolScreen(model: EnrolModel(host: host, server: Composition.server, setServer: app.setServer))
            }
        case .signIn:
            NavigationStack { SignInScreen(model: SignInModel(host: host)) }
        case .changePassword:
            NavigationStack { ChangePasswordScreen(model: ChangePasswordModel(host: host)) }
        case .choosePin:
            PinCodeScreen(model: PinCodeModel(host: host, chooses: true))
        case .unlock:
            LockScreen()
        case .open:
            Rooms()
        }
    }
}

/// All screens of an officer who is in.
private struct Rooms: View {
    @EnvironmentObject private var host: PhoneHost
    @State private var path: [Route] = []

    var body: some View {
        NavigationStack(path: $path) {
            TodayScreen(model: TodayModel(host: host), path: $path)
                .navigationDestination(for: Route.self) { route in
                    screen(route)
                }
        }
    }

    @ViewBuilder private func screen(_ route: Route) -> some View {
        switch route {
        case let .oneCase(id):
            CaseScreen(model: CaseModel(host: host, caseId: id), path: $path)
        case let .map(id):
            MapScreen(model: MapModel(host: host, caseId: id), path: $path)
        case let .visit(id):
            VisitScreen(model: VisitModel(host: host, visit: id), path: $path)
        case .finding:
            FindingScreen(model: FindingModel(host: host), path: $path)
        case .outbox:
            OutboxScreen(model: OutboxModel(host: host), path: $path)
        case let .sealed(id):
            SealedScreen(model: OutboxModel(host: host), visit: id)
        case .notices:
            NoticesScreen(model: NoticesModel(host: host), path: $path)
        case .settings:
            SettingsScreen(model: SettingsModel(host: host), path: $path)
        case .report:
            ReportScreen(model: ReportModel(host: host))
        case .changePassword:
            ChangePasswordScreen(model: ChangePasswordModel(host: host))
        case .changePin:
            PinCodeScreen(model: PinCodeModel(host: host, chooses: true, changes: true))
        case .signIn:
            SignInScreen(model: SignInModel(host: host))
        case .signOut:
            SignOutScreen(model: SignOutModel(host: host))
        }
    }
}
