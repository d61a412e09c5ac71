import SwiftUI
import TilikCore
import TilikKit

/// The pin at the front door: live accuracy, an average over fixes, a hint; or by hand on the map.
struct PinScreen: View {
    @EnvironmentObject private var positions: Positions
    @EnvironmentObject private var host: PhoneHost
    @StateObject var model: PinModel
    let next: () -> Void
    @State private var isByHand = false
    @State private var turn: Int?

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 16) {
                Trouble(text: model.trouble)
                permission
                if let view = model.view {
                    content(view)
                } else {
                    ProgressView()
                }
            }
            .padding()
        }
        .navigationTitle(model.words("pin_title"))
        .staysLit()
        .task {
            await model.begin()
            // Gone before the core answered: nobody would stop it any more.
            guard !Task.isCancelled else {
                return
            }
            turn = positions.pin { [weak positions] fix in
                host.here = positions?.here
                Task { await model.heard(fix) }
            }
        }
        .onDisappear {
            if let turn {
                positions.stop(turn)
            }
        }
        .sheet(isPresented: $isByHand) {
            PlaceByHand(map: MapModel(host: host, visit: model.visit), pin: model) { stands in
                isByHand = false
                if stands {
                    next()
                }
            }
        }
        .safeAreaInset(edge: .bottom) {
            ActionBar {
                MainAction(
                    title: model.words("pin_take"), isBusy: model.isBusy && model.view == nil,
                    isEnabled: model.view?.canTake == true
                ) {
                    Task {
                        if await model.take() {
                            next()
                        }
                    }
                }
                OtherAction(title: model.words("pin_by_hand")) { isByHand = true }
                if model.view?.set != nil {
                    OtherAction(title: model.words("go_on"), act: next)
                }
            }
        }
    }

    @ViewBuilder private var permission: some View {
        switch positions.trouble {
        case .refused:
            PermissionRefused(words: model.words, text: model.words("place_no_permission_pin"))
        case .rough:
            PermissionRefused(words: model.words, text: model.words("place_rough"))
        case .switchedOff:
            Trouble(text: model.words("place_off"))
        case nil:
            EmptyView()
        }
    }

    @ViewBuilder private func content(_ view: PinView) -> some View {
        VStack(spacing: 8) {
            Text(view.accuracyCm.map { model.formats.accuracy(centimetres: $0) } ?? "…")
                .font(.system(.largeTitle, design: .rounded).bold())
            Text(model.words.of(view.hint)).font(.title3).multilineTextAlignment(.center)
            ProgressView(value: Double(min(view.fixes, view.wanted)), total: Double(max(view.wanted, 1)))
            Text(model.words("pin_fixes", model.formats.count(view.fixes), model.formats.count(view.wanted)))
                .foregroundStyle(.secondary)
        }
        .frame(maxWidth: .infinity)
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(model.spoken)
        .accessibilityAddTraits(.updatesFrequently)
        if view.mock {
            Trouble(text: model.words("pin_mocked"))
        }
        if let metres = view.fromLastM {
            Text(model.words("pin_from_last", model.formats.distance(metres: metres)))
        }
        if let set = view.set {
            Label(
                model.words(
                    "pin_set", model.formats.accuracy(centimetres: set.accuracyCm), model.words("pin_source_" + set.source)),
                systemImage: "mappin.circle.fill")
        }
        if view.needsReason {
            TextField(model.words("pin_reason"), text: $model.reason, axis: .vertical)
                .lineLimit(2 ... 5)
                .textFieldStyle(.roundedBorder)
        }
    }
}

/// The map is moved under a cross that stands still.
private struct PlaceByHand: View {
    @StateObject var map: MapModel
    @ObservedObject var pin: PinModel
    let done: (Bool) -> Void

    var body: some View {
        NavigationStack {
            VStack(spacing: 0) {
                MapDrawing(model: map, showsCross: true, touched: { _ in })
                VStack(alignment: .leading, spacing: 8) {
                    Text(map.words("pin_by_hand_how"))
                    if let judged = map.judged {
                        Text(judged).font(.headline)
                    }
                    TextField(map.words("pin_reason"), text: $pin.reason, axis: .vertical)
                        .lineLimit(2 ... 4)
                        .textFieldStyle(.roundedBorder)
                    Trouble(text: pin.trouble ?? map.trouble)
                }
                .padding()
            }
            .navigationTitle(map.words("pin_by_hand"))
            .navigationBarTitleDisplayMode(.inline)
            .toolbar {
                ToolbarItem(placement: .cancellationAction) {
                    Button(map.words("cancel")) { done(false) }
                }
            }
            .safeAreaInset(edge: .bottom) {
                ActionBar {
                    MapButtons(model: map)
                    MainAction(title: map.words("pin_use"), isBusy: pin.isBusy, isEnabled: map.view != nil) {
                        Task {
                            if let centre = map.view?.centre, await pin.place(centre) {
                                done(true)
                            }
                        }
                    }
                }
            }
        }
    }
}
