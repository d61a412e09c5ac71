import SwiftUI
import TilikKit

/// This phone is not known yet: the server's address and the supervisor's code, typed or scanned.
struct EnrolScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: EnrolModel
    @State private var isScanning = false

    var body: some View {
        SwiftUI.Form {
            Section {
                Text(model.words("enrol_how"))
                if let revoked = host.status?.deviceRevoked {
                    Trouble(text: model.words(revoked == .stolen ? "revoked_stolen" : "revoked_retired"))
                }
                if let status = host.status, status.keyLost {
                    Trouble(text: noticeText(.keyLost(count: status.visitsWaiting), model.words, model.formats))
                }
                Trouble(text: model.trouble ?? model.refusal)
            }
            Section(model.words("enrol_server")) {
                TextField(model.words("enrol_server_hint"), text: $model.address)
                    .textInputAutocapitalization(.never)
                    .autocorrectionDisabled()
                    .keyboardType(.URL)
                    .accessibilityLabel(model.words("enrol_server"))
            }
            Section(model.words("enrol_code")) {
                TextField(model.words("enrol_code"), text: $model.code)
                    .textInputAutocapitalization(.never)
                    .autocorrectionDisabled()
                OtherAction(title: model.words("enrol_scan")) { isScanning = true }
            }
        }
        .navigationTitle(model.words("enrol_title"))
        .sheet(isPresented: $isScanning) {
            ScannerSheet(words: model.words) { text in
                let isSlip = model.scanned(text)
                isScanning = !isSlip
                return isSlip
            }
        }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(
                    title: model.words("enrol_send"), isBusy: model.isBusy || host.status?.busy == true,
                    isEnabled: !model.code.isEmpty
                ) {
                    Task { await model.enrol() }
                }
            }
        }
    }
}

/// Reads the slip's QR code.
struct ScannerSheet: View {
    let words: Words
    let read: (String) -> Bool
    @StateObject private var camera = Camera()

    var body: some View {
        VStack(spacing: 16) {
            if camera.trouble == .refused {
                PermissionRefused(words: words, text: words("camera_no_permission")).padding()
            } else {
                CameraPreview(camera: camera)
                    .accessibilityLabel(words("enrol_scanning"))
            }
            Text(words("enrol_scanning")).padding()
        }
        .task {
            camera.read = { text in
                if read(text) {
                    camera.close()
                }
            }
            await camera.open(reading: true)
        }
        .onDisappear { camera.close() }
        .staysLit()
    }
}

/// The officer's name and password.
struct SignInScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @Environment(\.dismiss) private var dismiss
    @StateObject var model: SignInModel

    var body: some View {
        SwiftUI.Form {
            Section {
                if case .unlock = host.gate {
                    Text(model.words("app_pin_forgot_how"))
                } else if host.gate == .signIn, host.status?.user != nil {
                    Text(model.words("sign_in_to_unlock"))
                }
                Trouble(text: model.trouble ?? model.refusal)
            }
            Section(model.words("sign_in_name")) {
                TextField(model.words("sign_in_name"), text: $model.username)
                    .textContentType(.username)
                    .textInputAutocapitalization(.never)
                    .autocorrectionDisabled()
            }
            Section(model.words("sign_in_password")) {
                SecureField(model.words("sign_in_password"), text: $model.password)
                    .textContentType(.password)
            }
        }
        .navigationTitle(model.words("sign_in_title"))
        .onChange(of: host.status?.signInAgain) { again in
            if again == false, host.gate == .open {
                dismiss()
            }
        }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(
                    title: model.words("sign_in_send"), isBusy: model.isBusy || host.status?.busy == true,
                    isEnabled: !model.username.isEmpty && !model.password.isEmpty
                ) {
                    Task { await model.signIn() }
                }
            }
        }
    }
}

/// Another password.
struct ChangePasswordScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: ChangePasswordModel

    var body: some View {
        SwiftUI.Form {
            Section {
                Text(model.words("password_how"))
                Trouble(text: model.trouble ?? model.refusal)
            }
            Section(model.words("password_old")) {
                SecureField(model.words("password_old"), text: $model.old)
                    .textContentType(.password)
            }
            Section(model.words("password_new")) {
                SecureField(model.words("password_new"), text: $model.new)
                    .textContentType(.newPassword)
                SecureField(model.words("password_again"), text: $model.again)
                    .textContentType(.newPassword)
            }
        }
        .navigationTitle(model.words("password_title"))
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(
                    title: model.words("password_send"), isBusy: model.isBusy || host.status?.busy == true,
                    isEnabled: !model.old.isEmpty && !model.new.isEmpty
                ) {
                    Task { await model.change() }
                }
            }
        }
    }
}

/// Six digits, on keys as large as the screen allows.
struct PinCodeScreen: View {
    @Environment(\.dismiss) private var dismiss
    @StateObject var model: PinCodeModel

    var body: some View {
        VStack(spacing: 20) {
            Text(title).font(.title2.bold()).multilineTextAlignment(.center)
            if model.chooses {
                Text(model.words("app_pin_how")).multilineTextAlignment(.center)
            }
            HStack(spacing: 16) {
                ForEach(0 ..< PinCodeModel.digits, id: \.self) { place in
                    Circle()
                        .strokeBorder(.primary, lineWidth: 2)
                        .background(Circle().fill(place < model.typed.count ? Color.primary : Color.clear))
                        .frame(width: 20, height: 20)
                }
            }
            .accessibilityElement()
            .accessibilityLabel(
                model.words("app_pin_typed", model.formats.count(model.typed.count), model.formats.count(PinCodeModel.digits)))
            Trouble(text: model.trouble)
            Spacer()
            Grid(horizontalSpacing: 12, verticalSpacing: 12) {
                ForEach([[1, 2, 3], [4, 5, 6], [7, 8, 9]], id: \.self) { row in
                    GridRow {
                        ForEach(row, id: \.self) { digit in key(digit) }
                    }
                }
                GridRow {
                    Color.clear.frame(height: 1)
                    key(0)
                    Button {
                        model.deleteLast()
                    } label: {
                        Image(systemName: "delete.left").font(.title).frame(maxWidth: .infinity, minHeight: 64)
                    }
                    .accessibilityLabel(model.words("app_pin_erase"))
                }
            }
        }
        .padding()
        .privacySensitive()
        .onChange(of: model.isDone) { done in
            if done {
                dismiss()
            }
        }
    }

    private var title: String {
        if model.asksOld {
            return model.words("app_pin_old")
        }
        if model.chooses {
            return model.words(model.isRepeating ? "app_pin_repeat" : "app_pin_choose")
        }
        return model.words("app_pin_enter")
    }

    private func key(_ digit: Int) -> some View {
        Button {
            Task { await model.type(digit) }
        } label: {
            Text(String(digit)).font(.largeTitle).frame(maxWidth: .infinity, minHeight: 64)
        }
        .buttonStyle(.bordered)
        .disabled(model.isBusy)
    }
}
