import SwiftUI
import TilikCore
import TilikKit

/// The camera with a roof line and a floor line: the house fits between.
struct CaptureScreen: View {
    @StateObject var model: CameraModel
    @StateObject private var camera = Camera()
    let next: () -> Void
    @Environment(\.scenePhase) private var phase
    @State private var isShooting = false

    var body: some View {
        VStack(spacing: 0) {
            picture
            below
        }
        .navigationTitle(model.kind.map { model.words.of($0) } ?? model.words("visit_step_photo"))
        .task {
            camera.tilted = { model.tilted(x: $0, y: $1, z: $2) }
            await model.load()
            await camera.open()
        }
        .onDisappear { camera.close() }
        .staysLit()
        .onChange(of: phase) { phase in
            if phase == .active {
                Task { await camera.open() }
            } else if phase == .background {
                camera.close()
            }
        }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                HStack(spacing: 12) {
                    if camera.hasTorch {
                        Button { camera.setTorch(!camera.isTorchOn) } label: {
                            Image(systemName: camera.isTorchOn ? "flashlight.on.fill" : "flashlight.off.fill")
                                .font(.title2)
                                .frame(width: 56, height: 56)
                        }
                        .buttonStyle(.bordered)
                        .accessibilityLabel(model.words(camera.isTorchOn ? "torch_off" : "torch_on"))
                    }
                    MainAction(
                        title: model.words("shutter", model.kind.map { model.words.of($0) } ?? ""),
                        isBusy: isShooting || model.isBusy,
                        isEnabled: camera.isReady && (model.view?.left ?? 0) > 0, act: shoot)
                }
                OtherAction(title: model.words("go_on"), act: next)
            }
        }
    }

    private func shoot() {
        isShooting = true
        Task {
            if let shot = await camera.capture() {
                await model.taken(jpeg: shot.jpeg, atMicros: shot.takenAtMicros)
            } else {
                model.trouble = model.words("camera_broken")
            }
            isShooting = false
        }
    }

    @ViewBuilder private var picture: some View {
        switch camera.trouble {
        case .refused:
            PermissionRefused(words: model.words, text: model.words("camera_no_permission")).padding()
        case .inUse:
            Trouble(text: model.words("camera_in_use")).padding()
        case .missing:
            Trouble(text: model.words("camera_none")).padding()
        case nil:
            CameraPreview(camera: camera)
                .aspectRatio(3 / 4, contentMode: .fit)
                .overlay { guides }
                .overlay(alignment: .top) { hint }
                .accessibilityElement()
                .accessibilityLabel(model.words("camera_preview"))
                .accessibilityValue(model.levelText ?? "")
        }
    }

    /// Two lines at shares of the picture's height, with their words.
    @ViewBuilder private var guides: some View {
        if let view = model.view {
            GeometryReader { space in
                ForEach([(view.roofLine, "roof_line"), (view.floorLine, "floor_line")], id: \.1) { share, key in
                    let height = space.size.height * Double(share)
                    Path { line in
                        line.move(to: CGPoint(x: 0, y: height))
                        line.addLine(to: CGPoint(x: space.size.width, y: height))
                    }
                    .stroke(.yellow, style: StrokeStyle(lineWidth: 3, dash: [12, 8]))
                    .shadow(color: .black, radius: 1)
                    Text(model.words(key))
                        .font(.caption.bold())
                        .padding(4)
                        .background(.black.opacity(0.6))
                        .foregroundStyle(.yellow)
                        .position(x: space.size.width / 2, y: height)
                }
            }
            .allowsHitTesting(false)
        }
    }

    @ViewBuilder private var hint: some View {
        if let text = model.levelText {
            Label(text, systemImage: model.level?.isLevel == true ? "level.fill" : "level")
                .font(.subheadline.bold())
                .padding(8)
                .background(.black.opacity(0.6), in: Capsule())
                .foregroundStyle(model.level?.isLevel == true ? .green : .white)
                .padding(8)
                .allowsHitTesting(false)
        }
    }

    private var below: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 12) {
                Trouble(text: model.trouble)
                if let verdict = model.verdict {
                    let isGood = model.last?.verdicts.isEmpty == true
                    Label(verdict, systemImage: isGood ? "checkmark.circle.fill" : "exclamationmark.circle.fill")
                        .font(.headline)
                }
                if let view = model.view {
                    if view.noticeDue {
                        Trouble(text: model.words("problem_notice_first"))
                    }
                    slots(view)
                    if view.mayBeNarrow {
                        Toggle(model.words("narrow_on"), isOn: narrow).frame(minHeight: 48)
                        Text(model.words("narrow_how")).font(.footnote).foregroundStyle(.secondary)
                    }
                    Text(model.words("camera_left", model.formats.count(view.left))).foregroundStyle(.secondary)
                }
            }
            .padding()
        }
    }

    private var narrow: Binding<Bool> {
        Binding(get: { model.view?.narrow ?? false }, set: { narrow in Task { await model.setNarrow(narrow) } })
    }

    private func slots(_ view: CameraView) -> some View {
        ForEach(view.slots, id: \.kind) { slot in
            VStack(alignment: .leading, spacing: 6) {
                Button { model.kind = slot.kind } label: {
                    Label(
                        model.slotText(slot),
                        systemImage: slot.photos.isEmpty ? (slot.needed ? "camera.fill" : "camera") : "checkmark.circle.fill"
                    )
                    .frame(maxWidth: .infinity, minHeight: 48, alignment: .leading)
                }
                .accessibilityAddTraits(model.kind == slot.kind ? .isSelected : [])
                if let returned = slot.returned, !returned.mended {
                    Trouble(text: model.words.of(reason: returned.code))
                    if let photo = returned.photo, returned.photoKind == slot.kind {
                        OtherAction(title: model.words("photo_keep")) { Task { await model.keep(photo) } }
                    }
                }
                ForEach(slot.photos, id: \.id) { photo in
                    TakenPhoto(photo: photo, model: model)
                }
            }
        }
    }
}

/// A photo of the draft, with its verdicts and the way to take it out.
private struct TakenPhoto: View {
    let photo: DraftPhoto
    let model: CameraModel
    @State private var bytes: Data?

    var body: some View {
        HStack(spacing: 12) {
            StoredPhoto(bytes: bytes, spoken: model.words.of(photo.kind)).frame(width: 96)
            VStack(alignment: .leading) {
                Text(model.formats.time(micros: photo.takenAt) + " · " + model.formats.bytes(photo.bytes))
                ForEach(Array(photo.verdicts.enumerated()), id: \.offset) { _, verdict in
                    Text(model.words.of(verdict)).foregroundStyle(.orange)
                }
                if photo.kept {
                    Text(model.words("photo_kept", model.words.of(photo.kind))).foregroundStyle(.secondary)
                }
            }
            Spacer()
            Button(role: .destructive) { Task { await model.drop(photo.id) } } label: {
                Image(systemName: "trash").frame(width: 48, height: 48)
            }
            .accessibilityLabel(model.words("photo_drop"))
        }
        .task { bytes = await model.small(photo.id) }
    }
}
