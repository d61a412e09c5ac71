import AVFoundation
import CoreMotion
import SwiftUI
import TilikKit

/// The camera: preview, JPEG, torch, focus. What a photo shows, and whether it is good, the core knows.
final class Camera: NSObject, ObservableObject, @unchecked Sendable {
    /// Why there is no picture.
    enum Trouble {
        case refused
        case inUse
        case missing
    }

    struct Shot {
        let jpeg: Data
        let takenAtMicros: Int64
    }

    @MainActor @Published private(set) var isReady = false
    @MainActor @Published private(set) var trouble: Trouble?
    @MainActor @Published private(set) var hasTorch = false
    @MainActor @Published private(set) var isTorchOn = false
    /// What the scanner read, when it was asked to.
    @MainActor var read: ((String) -> Void)?
    /// Gravity in m/s², in the phone's axes.
    @MainActor var tilted: ((Double, Double, Double) -> Void)?
    /// As gravity last said.
    @MainActor private var held = Held.upright

    let session = AVCaptureSession()
    private let photos = AVCapturePhotoOutput()
    private let codes = AVCaptureMetadataOutput()
    private let queue = DispatchQueue(label: "id.tilik.camera")
    private let motion = CMMotionManager()
    private var device: AVCaptureDevice?
    private var waiting: [Int64: CheckedContinuation<Shot?, Never>] = [:]
    private var isBuilt = false

    override init() {
        super.init()
        let center = NotificationCenter.default
        center.addObserver(
            self, selector: #selector(interrupted), name: .AVCaptureSessionWasInterrupted, object: session)
        center.addObserver(self, selector: #selector(goesOn), name: .AVCaptureSessionInterruptionEnded, object: session)
        center.addObserver(self, selector: #selector(broke), name: .AVCaptureSessionRuntimeError, object: session)
    }

    /// Asks for permission when nobody has answered yet, and starts. Good to be called again.
    func open(reading: Bool = false) async {
        guard await isAllowed() else {
            await tell(.refused)
            return
        }
        let isRunning = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            queue.async {
                self.build(reading: reading)
                if self.isBuilt, !self.session.isRunning {
                    self.session.startRunning()
                }
                continuation.resume(returning: self.isBuilt)
            }
        }
        await tell(isRunning ? nil : .missing)
        if !reading {
            await watchGravity()
        }
    }

    @MainActor
    func close() {
        motion.stopDeviceMotionUpdates()
        isReady = false
        isTorchOn = false
        queue.async {
            self.session.stopRunning()
        }
    }

    /// Takes a photo; nothing when the camera gave none.
    func capture() async -> Shot? {
        let orientation = await held.orientation
        return await withCheckedContinuation { continuation in
            queue.async {
                guard self.session.isRunning, let connection = self.photos.connection(with: .video), connection.isActive else {
                    return continuation.resume(returning: nil)
                }
                // A house taken across stands upright in the photo too.
                if connection.isVideoOrientationSupported {
                    connection.videoOrientation = orientation
                }
                // The core wants a camera's JPEG; HEIC it would not read.
                let settings = AVCapturePhotoSettings(format: [AVVideoCodecKey: AVVideoCodecType.jpeg])
                settings.flashMode = .off
                settings.photoQualityPrioritization = .balanced
                self.waiting[settings.uniqueID] = continuation
                self.photos.capturePhoto(with: settings, delegate: self)
            }
        }
    }

    @MainActor
    func setTorch(_ on: Bool) {
        guard let device, device.hasTorch, (try? device.lockForConfiguration()) != nil else {
            return
        }
        device.torchMode = on ? .on : .off
        device.unlockForConfiguration()
        isTorchOn = on
    }

    /// Focuses and measures light at a point of the picture, in shares of its sides as the sensor lies.
    func focus(at point: CGPoint) {
        queue.async {
            guard let device = self.device, (try? device.lockForConfiguration()) != nil else {
                return
            }
            if device.isFocusPointOfInterestSupported, device.isFocusModeSupported(.autoFocus) {
                device.focusPointOfInterest = point
                device.focusMode = .autoFocus
            }
            if device.isExposurePointOfInterestSupported, device.isExposureModeSupported(.continuousAutoExposure) {
                device.exposurePointOfInterest = point
                device.exposureMode = .continuousAutoExposure
            }
            device.unlockForConfiguration()
        }
    }

    private func isAllowed() async -> Bool {
        switch AVCaptureDevice.authorizationStatus(for: .video) {
        case .authorized:
            return true
        case .notDetermined:
            return await AVCaptureDevice.requestAccess(for: .video)
        case .denied, .restricted:
            return false
        @unknown default:
            return false
        }
    }

    private func build(reading: Bool) {
        guard !isBuilt, let device = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: .back),
              let input = try? AVCaptureDeviceInput(device: device)
        else {
            return
        }
        session.beginConfiguration()
        defer { session.commitConfiguration() }
        session.sessionPreset = reading ? .high : .photo
        guard session.canAddInput(input) else {
            return
        }
        session.addInput(input)
        if reading {
            guard session.canAddOutput(codes) else {
                return
            }
            session.addOutput(codes)
            codes.setMetadataObjectsDelegate(self, queue: .main)
            codes.metadataObjectTypes = codes.availableMetadataObjectTypes.contains(.qr) ? [.qr] : []
        } else {
            guard session.canAddOutput(photos) else {
                return
            }
            session.addOutput(photos)
        }
        self.device = device
        isBuilt = true
    }

    @MainActor
    private func tell(_ trouble: Trouble?) {
        self.trouble = trouble
        isReady = trouble == nil
        hasTorch = device?.hasTorch ?? false
    }

    @MainActor
    private func watchGravity() {
        guard motion.isDeviceMotionAvailable, !motion.isDeviceMotionActive else {
            return
        }
        motion.deviceMotionUpdateInterval = 0.1
        motion.startDeviceMotionUpdates(to: .main) { [weak self] motion, _ in
            guard let gravity = motion?.gravity else {
                return
            }
            // The system's gravity points down in units of g; an accelerometer at rest, which the core expects, points up.
            let g = -9.81
            MainActor.assumeIsolated {
                guard let self else {
                    return
                }
                self.held = Held(gravityX: gravity.x, gravityY: gravity.y, before: self.held)
                self.tilted?(gravity.x * g, gravity.y * g, gravity.z * g)
            }
        }
    }

    @objc private func interrupted() {
        Task { @MainActor in tell(.inUse) }
    }

    @objc private func goesOn() {
        Task { @MainActor in tell(nil) }
    }

    @objc private func broke() {
        // Who waits for a photo of the session that broke would wait for ever.
        queue.async {
            let lost = self.waiting.values
            self.waiting = [:]
            lost.forEach { $0.resume(returning: nil) }
        }
        Task { await open() }
    }
}

extension Held {
    /// The system names the side on which the home button is.
    fileprivate var orientation: AVCaptureVideoOrientation {
        switch self {
        case .upright: return .portrait
        case .onItsLeft: return .landscapeRight
        case .onItsRight: return .landscapeLeft
        case .upsideDown: return .portraitUpsideDown
        }
    }
}

extension Camera: AVCapturePhotoCaptureDelegate, AVCaptureMetadataOutputObjectsDelegate {
    func photoOutput(_ output: AVCapturePhotoOutput, didFinishProcessingPhoto photo: AVCapturePhoto, error: Error?) {
        let jpeg = error == nil ? photo.fileDataRepresentation() : nil
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        let id = photo.resolvedSettings.uniqueID
        queue.async {
            self.waiting.removeValue(forKey: id)?.resume(returning: jpeg.map { Shot(jpeg: $0, takenAtMicros: now) })
        }
    }

    /// The last that is heard of a capture, also of one that gave no photo.
    func photoOutput(
        _ output: AVCapturePhotoOutput, didFinishCaptureFor resolvedSettings: AVCaptureResolvedPhotoSettings, error: Error?
    ) {
        let id = resolvedSettings.uniqueID
        queue.async {
            self.waiting.removeValue(forKey: id)?.resume(returning: nil)
        }
    }

    func metadataOutput(
        _ output: AVCaptureMetadataOutput, didOutput objects: [AVMetadataObject], from connection: AVCaptureConnection
    ) {
        guard let text = objects.compactMap({ ($0 as? AVMetadataMachineReadableCodeObject)?.stringValue }).first else {
            return
        }
        Task { @MainActor in read?(text) }
    }
}

/// The preview, whole and unturned; a tap focuses.
struct CameraPreview: UIViewRepresentable {
    let camera: Camera

    func makeUIView(context: Context) -> PreviewView {
        let view = PreviewView()
        view.camera = camera
        view.layerOfPreview?.session = camera.session
        // The whole photo is seen, so that the roof line means what it says.
        view.layerOfPreview?.videoGravity = .resizeAspect
        view.addGestureRecognizer(UITapGestureRecognizer(target: view, action: #selector(PreviewView.tapped)))
        return view
    }

    func updateUIView(_ view: PreviewView, context: Context) {}

    final class PreviewView: UIView {
        weak var camera: Camera?

        override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

        var layerOfPreview: AVCaptureVideoPreviewLayer? { layer as? AVCaptureVideoPreviewLayer }

        @objc func tapped(_ tap: UITapGestureRecognizer) {
            guard let layer = layerOfPreview else {
                return
            }
            camera?.focus(at: layer.captureDevicePointConverted(fromLayerPoint: tap.location(in: self)))
        }
    }
}
