/// How the phone is held, so that a house stands upright in its photo. The screens do not turn; a photo does.
public enum Held: Sendable {
    case upright
    /// On its left side: its top points left.
    case onItsLeft
    /// On its right side: its top points right.
    case onItsRight
    case upsideDown

    /// From gravity in units of g, in the phone's axes: x to its right, y to its top, and downward is what it points to. A
    /// phone that lies nearly flat, over a paper on a table, is held as it was before.
    public init(gravityX x: Double, gravityY y: Double, before: Held) {
        guard max(abs(x), abs(y)) > 0.35 else {
            self = before
            return
        }
        if abs(x) > abs(y) {
            self = x < 0 ? .onItsLeft : .onItsRight
        } else {
            self = y < 0 ? .upright : .upsideDown
        }
    }
}
