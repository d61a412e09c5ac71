import Foundation
import TilikCore

/// The map without a network: the core says where each line and pin lies, the screen draws.
@MainActor
public final class MapModel: ScreenModel {
    public static let zooms: ClosedRange<Float> = 1 ... 40
    /// Half a cross, in what the drawing's size is given in: as exactly as a hand aims.
    public static let aim: UInt32 = 24
    public let caseId: CaseId?
    /// A draft: its village and its pin; a finding has no case.
    public let visit: VisitId?
    @Published public private(set) var view: MapView?
    public private(set) var zoom: Float = 1
    public private(set) var pan: (x: Float, y: Float) = (0, 0)
    private var size: (width: UInt32, height: UInt32) = (0, 0)
    private var isDrawing = false
    private var drawsAgain = false

    public init(host: PhoneHost, caseId: CaseId? = nil, visit: VisitId? = nil) {
        self.caseId = caseId
        self.visit = visit
        super.init(host: host)
    }

    /// The drawing's size, in pixels or points, whichever the screen draws in.
    public func resize(width: Double, height: Double) async {
        size = (UInt32(max(width, 0)), UInt32(max(height, 0)))
        await draw()
    }

    public func drag(x: Double, y: Double) async {
        pan = (pan.x + Float(x), pan.y + Float(y))
        await draw()
    }

    /// Closer by `factor`, around the middle.
    public func magnify(by factor: Double) async {
        let before = zoom
        zoom = min(max(zoom * Float(factor), Self.zooms.lowerBound), Self.zooms.upperBound)
        let share = zoom / before
        pan = zoom == Self.zooms.lowerBound ? (0, 0) : (pan.x * share, pan.y * share)
        await draw()
    }

    public func fit() async {
        zoom = Self.zooms.lowerBound
        pan = (0, 0)
        await draw()
    }

    /// How sure a pin would be that is placed by hand now.
    public var judged: String? {
        view?.centre.accuracyCm.map { words("pin_by_hand_accuracy", formats.accuracy(centimetres: $0)) }
    }

    /// Asks for the newest drawing only: fingers are faster than the disk.
    public func draw() async {
        guard size.width > 0, size.height > 0 else {
            return
        }
        if isDrawing {
            drawsAgain = true
            return
        }
        isDrawing = true
        repeat {
            drawsAgain = false
            let query = MapQuery(
                case: caseId, visit: visit, here: host.here, widthPx: size.width, heightPx: size.height,
                zoom: zoom, panX: pan.x, panY: pan.y, aimPx: Self.aim)
            if let drawn = await ask({ try $0.map(query: query) }) {
                view = drawn
            }
        } while drawsAgain
        isDrawing = false
    }

    /// What is read aloud of the map.
    public var spoken: String {
        guard let view else {
            return words("map_empty")
        }
        let named = view.pins.map { pin in (pin.label.map { $0 + ", " } ?? "") + words.of(pin.kind) }
        return words("map_described", named.joined(separator: "; "))
    }
}
