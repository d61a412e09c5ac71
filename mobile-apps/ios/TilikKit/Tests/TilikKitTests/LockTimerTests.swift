import XCTest

@testable import TilikKit

final class LockTimerTests: XCTestCase {
    func testTheAppLocksAfterTwoMinutesOutOfSight() {
        var timer = LockTimer()
        timer.left(atS: 1000)
        XCTAssertFalse(timer.returned(atS: 1119.9))
        timer.left(atS: 2000)
        XCTAssertTrue(timer.returned(atS: 2120))
    }

    func testLeavingTwiceCountsFromTheFirstTime() {
        var timer = LockTimer()
        timer.left(atS: 0)
        timer.left(atS: 100)
        XCTAssertTrue(timer.returned(atS: 121))
        XCTAssertFalse(timer.returned(atS: 500), "what was counted once is over")
    }

    func testAClockThatBeganAnewLocks() {
        var timer = LockTimer()
        timer.left(atS: 5000)
        XCTAssertTrue(timer.returned(atS: 3))
    }
}
