import TilikCore
import XCTest

@testable import TilikKit

final class WordsTests: XCTestCase {
    private let words = Words.ofTheApp

    func testEveryKeyOfTheCoreHasWords() {
        let keys = textKeys()
        XCTAssertGreaterThan(keys.count, 100)
        XCTAssertEqual(keys.filter { !words.has($0) }, [])
    }

    func testAValueOfTheCoreFindsItsKeyByItself() {
        let keys = Set(textKeys())
        let found = [
            textKey(PhotoKind.houseFront), textKey(TodayMark.toVisit), textKey(VisitKind.quick),
            textKey(PinHint.stepIntoTheOpen), textKey(UnreachableReason.notFound), textKey(Missing.pinReason),
            textKey(TodayOrder.neighbourhood), textKey(Asked.morePhotos), textKey(AnswerFault.notAllowed),
            textKey(CaseAction.cannotBeSeen), textKey(CaseAction.seeSealed(visit: "v")), textKey(CaseAction.visit(kind: .full)),
            textKey(OutboxState.needsAttention(why: .conflict)), textKey(Why.photoRefused(code: "x")),
            textKey(Notice.closingSoon(count: 1, days: 2)), textKey(SummaryWarning.pinFar(metres: 1)),
            textKey(HousePhotosWhen.unmetered), textKey(MapPinKind.house), textKey(PhotoVerdict.tooSmall),
        ]
        XCTAssertEqual(found.filter { !keys.contains($0) }, [])
    }

    func testValuesStandWhereTheWordsWantThem() {
        let words = Words { ["a": "%2$@ sebelum %1$@", "b": "%@ dari %@", "c": "100%% dan %@", "d": "50% saja"][$0] }
        XCTAssertEqual(words("a", "satu", "dua"), "dua sebelum satu")
        XCTAssertEqual(words("b", "14", "15"), "14 dari 15")
        XCTAssertEqual(words("c", "x"), "100% dan x")
        XCTAssertEqual(words("d", "x"), "50% saja")
    }

    func testAPercentSignInANameIsNotLookedInto() {
        let words = Words { _ in "Ibu %1$@ di %2$@" }
        XCTAssertEqual(words("x", "%2$@", "Mrican"), "Ibu %2$@ di Mrican")
    }

    func testAKeyWithoutWordsShowsItself() {
        XCTAssertEqual(words("no_such_key"), "no_such_key")
    }

    func testAnErrorIsSaidByItsRemedy() {
        XCTAssertEqual(words.of(error: CoreError.StorageFull), words("error_storage_full"))
        XCTAssertEqual(words.of(error: CoreError.Refused(code: "pin_too_simple")), words("problem_pin_too_simple"))
        XCTAssertEqual(words.of(error: CoreError.Refused(code: "a_rule_of_tomorrow")), words("problem_other"))
        XCTAssertTrue(words.of(error: CoreError.Bug(reference: "sqlite-7")).contains("sqlite-7"))
    }

    func testACitysOwnReasonHasWordsToo() {
        XCTAssertEqual(words.of(reason: "ATAP_TERPOTONG"), "Atap terpotong")
        XCTAssertEqual(words.of(reason: "ALASAN_KOTA"), words("reason_other"))
    }
}
