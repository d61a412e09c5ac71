import SwiftUI
import TilikCore
import TilikKit

/// Villages and pins, drawn without a network.
struct MapScreen: View {
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: MapModel
    @Binding var path: [Route]

    var body: some View {
        VStack(spacing: 0) {
            MapDrawing(model: model, touched: open)
            Trouble(text: model.trouble)
        }
        .navigationTitle(model.words("map_title"))
        .navigationBarTitleDisplayMode(.inline)
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MapButtons(model: model)
            }
        }
        .walks()
        .onChange(of: host.here) { _ in Task { await model.draw() } }
    }

    private func open(_ pin: MapPin) {
        if let id = pin.case, id != model.caseId {
            path.append(.oneCase(id))
        }
    }
}

/// Closer, farther, everything: for one thumb, and for those who cannot pinch.
struct MapButtons: View {
    @ObservedObject var model: MapModel

    var body: some View {
        HStack(spacing: 10) {
            OtherAction(title: model.words("map_nearer")) { Task { await model.magnify(by: 1.6) } }
            OtherAction(title: model.words("map_farther")) { Task { await model.magnify(by: 1 / 1.6) } }
            OtherAction(title: model.words("map_whole")) { Task { await model.fit() } }
        }
    }
}

/// The drawing itself. Lines and pins come from the core in points of this view.
struct MapDrawing: View {
    @ObservedObject var model: MapModel
    /// A cross in the middle, for a pin that is placed by hand.
    var showsCross = false
    let touched: (MapPin) -> Void
    @State private var dragged: CGSize = .zero
    @State private var magnified: CGFloat = 1

    var body: some View {
        GeometryReader { space in
            Canvas { context, _ in
                if let view = model.view {
                    draw(view, &context)
                }
            }
            .contentShape(Rectangle())
            .gesture(drag)
            .simultaneousGesture(pinch)
            .simultaneousGesture(
                SpatialTapGesture().onEnded { tap in
                    if let pin = nearest(tap.location) {
                        touched(pin)
                    }
                }
            )
            .overlay {
                if showsCross {
                    Image(systemName: "plus")
                        .resizable()
                        .frame(width: 2 * CGFloat(MapModel.aim), height: 2 * CGFloat(MapModel.aim))
                        .foregroundStyle(.red)
                        .allowsHitTesting(false)
                }
            }
            .task(id: space.size) { await model.resize(width: space.size.width, height: space.size.height) }
        }
        .accessibilityElement()
        .accessibilityLabel(model.spoken)
    }

    private var drag: some Gesture {
        DragGesture(minimumDistance: 8)
            .onChanged { value in
                let step = CGSize(
                    width: value.translation.width - dragged.width, height: value.translation.height - dragged.height)
                dragged = value.translation
                Task { await model.drag(x: step.width, y: step.height) }
            }
            .onEnded { _ in dragged = .zero }
    }

    private var pinch: some Gesture {
        MagnificationGesture()
            .onChanged { value in
                let step = value / magnified
                magnified = value
                Task { await model.magnify(by: step) }
            }
            .onEnded { _ in magnified = 1 }
    }

    private func nearest(_ point: CGPoint) -> MapPin? {
        let near = model.view?.pins.filter { $0.case != nil } ?? []
        let reach = 28.0
        func far(_ pin: MapPin) -> Double {
            hypot(Double(pin.x) - point.x, Double(pin.y) - point.y)
        }
        return near.min { far($0) < far($1) }.flatMap { far($0) <= reach ? $0 : nil }
    }

    private func draw(_ view: MapView, _ context: inout GraphicsContext) {
        for outline in view.outlines {
            var line = Path()
            line.addLines(outline.points.map { CGPoint(x: Double($0.x), y: Double($0.y)) })
            line.closeSubpath()
            if outline.isMain {
                context.fill(line, with: .color(.green.opacity(0.12)))
            }
            context.stroke(line, with: .color(.secondary), lineWidth: outline.isMain ? 2.5 : 1)
        }
        for pin in view.pins {
            draw(pin, &context)
        }
        draw(view.bar, &context)
    }

    private func draw(_ pin: MapPin, _ context: inout GraphicsContext) {
        let at = CGPoint(x: Double(pin.x), y: Double(pin.y))
        let colour = colour(pin.kind)
        if pin.radiusPx > 0 {
            context.fill(circle(at, Double(pin.radiusPx)), with: .color(colour.opacity(0.15)))
        }
        let size = pin.kind == .house || pin.kind == .here ? 9.0 : 6.0
        context.fill(circle(at, size), with: .color(colour))
        context.stroke(circle(at, size), with: .color(Color(.systemBackground)), lineWidth: 2)
        if let label = pin.label {
            context.draw(Text(label).font(.caption.bold()), at: CGPoint(x: at.x, y: at.y - size - 10))
        }
    }

    private func draw(_ bar: ScaleBar, _ context: inout GraphicsContext) {
        let left = 16.0
        let low = 24.0
        var line = Path()
        line.move(to: CGPoint(x: left, y: low - 6))
        line.addLine(to: CGPoint(x: left, y: low))
        line.addLine(to: CGPoint(x: left + Double(bar.px), y: low))
        line.addLine(to: CGPoint(x: left + Double(bar.px), y: low - 6))
        context.stroke(line, with: .color(.primary), lineWidth: 2)
        context.draw(
            Text(model.formats.distance(metres: bar.metres)).font(.caption),
            at: CGPoint(x: left + Double(bar.px) / 2, y: low + 12))
    }

    private func circle(_ at: CGPoint, _ radius: Double) -> Path {
        Path(ellipseIn: CGRect(x: at.x - radius, y: at.y - radius, width: 2 * radius, height: 2 * radius))
    }

    private func colour(_ kind: MapPinKind) -> Color {
        switch kind {
        case .house, .drafted: return .red
        case .other: return .primary
        case .returned: return .orange
        case .here: return .blue
        }
    }
}
