import XCTest

@testable import TilikKit

final class HeldTests: XCTestCase {
    func testGravityPointsToTheSideThatIsDown() {
        XCTAssertEqual(Held(gravityX: 0.05, gravityY: -0.98, before: .onItsLeft), .upright)
        XCTAssertEqual(Held(gravityX: -0.98, gravityY: -0.1, before: .upright), .onItsLeft)
        XCTAssertEqual(Held(gravityX: 0.98, gravityY: 0.1, before: .upright), .onItsRight)
        XCTAssertEqual(Held(gravityX: 0, gravityY: 0.9, before: .upright), .upsideDown)
    }

    func testAPhoneThatLiesFlatIsHeldAsBefore() {
        XCTAssertEqual(Held(gravityX: 0.1, gravityY: 0.2, before: .onItsRight), .onItsRight)
        XCTAssertEqual(Held(gravityX: 0, gravityY: 0, before: .upright), .upright)
    }
}
