import XCTest

@testable import TilikKit

final class FormatsTests: XCTestCase {
    private let formats = Formats(words: .ofTheApp, utcOffsetMin: 420)
    /// 29 November 2026, 09.14 in Kediri.
    private let morning: Int64 = 1_795_918_440_000_000

    func testADateIsWrittenInIndonesianAndInTheRegionsTime() {
        XCTAssertEqual(formats.day(micros: morning), "29 November 2026")
        XCTAssertEqual(formats.time(micros: morning), "09.14")
        XCTAssertEqual(Formats(words: .ofTheApp, utcOffsetMin: 540).time(micros: morning), "11.14")
        XCTAssertEqual(formats.month(year: 2026, month: 8), "Agustus 2026")
    }

    func testTodayAndYesterdayAreSaidByTheRegionsMidnight() {
        let now = Date(timeIntervalSince1970: Double(morning) / 1_000_000)
        let lateLastNight = morning - (9 * 3600 + 15 * 60) * 1_000_000
        XCTAssertEqual(formats.moment(micros: morning, now: now), "hari ini 09.14")
        XCTAssertEqual(formats.moment(micros: lateLastNight, now: now), "kemarin 23.59")
        XCTAssertEqual(formats.moment(micros: lateLastNight - 86_400_000_000, now: now), "27 November 2026 23.59")
    }

    func testADistanceIsNoFinerThanAPhoneKnows() {
        XCTAssertEqual(formats.distance(metres: 7), "7 m")
        XCTAssertEqual(formats.distance(metres: 344), "340 m")
        XCTAssertEqual(formats.distance(metres: 994), "990 m")
        XCTAssertEqual(formats.distance(metres: 995), "1,0 km")
        XCTAssertEqual(formats.distance(metres: 1440), "1,4 km")
        XCTAssertEqual(formats.distance(metres: 12_400), "12 km")
    }

    func testAnAccuracyIsNeverRoundedToABetterOne() {
        XCTAssertEqual(formats.accuracy(centimetres: 401), "± 5 m")
        XCTAssertEqual(formats.accuracy(centimetres: 400), "± 4 m")
        XCTAssertEqual(formats.accuracy(centimetres: -1), "± 0 m")
    }

    func testBytesAreCountedInThousands() {
        XCTAssertEqual(formats.bytes(0), "0 B")
        XCTAssertEqual(formats.bytes(812_000), "812 KB")
        XCTAssertEqual(formats.bytes(999_700), "1,0 MB")
        XCTAssertEqual(formats.bytes(1_240_000), "1,2 MB")
        XCTAssertEqual(formats.bytes(64_000_000_000), "64 GB")
    }

    func testACountHasDots() {
        XCTAssertEqual(formats.count(33_632), "33.632")
    }

    func testABearingIsOneOfEightDirections() {
        XCTAssertEqual(formats.direction(bearing: 0), "utara")
        XCTAssertEqual(formats.direction(bearing: 22), "utara")
        XCTAssertEqual(formats.direction(bearing: 23), "timur laut")
        XCTAssertEqual(formats.direction(bearing: 200), "selatan")
        XCTAssertEqual(formats.direction(bearing: 359), "utara")
    }

    func testAWindowSaysWhenItCloses() {
        XCTAssertEqual(formats.closes(inDays: 0), "Ditutup hari ini")
        XCTAssertEqual(formats.closes(inDays: 1), "Ditutup besok")
        XCTAssertEqual(formats.closes(inDays: 5), "Ditutup 5 hari lagi")
        XCTAssertEqual(formats.closes(inDays: -2), "Lewat batas waktu")
    }

    func testASpanIsSaidRoughlyWhicheverWayItGoes() {
        XCTAssertEqual(formats.span(seconds: -720), "12 menit")
        XCTAssertEqual(formats.span(seconds: 11_100), "3 jam 5 menit")
        XCTAssertEqual(formats.span(seconds: 31_536_000), "365 hari")
    }

    func testTheMonthTurnsWithTheRegionNotWithGreenwich() {
        let newYearHere = Date(timeIntervalSince1970: 1_798_736_400)
        XCTAssertEqual(formats.currentMonth(now: newYearHere).year, 2027)
        XCTAssertEqual(formats.currentMonth(now: newYearHere.addingTimeInterval(-1)).month, 12)
    }
}
