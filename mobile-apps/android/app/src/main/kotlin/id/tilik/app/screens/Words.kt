// The words of the core's enums. Every `when` names every case, so that a case without words does not compile.
package id.tilik.app.screens

import android.content.Context
import id.tilik.app.R
import id.tilik.app.phone.Sender
import uniffi.tilik_mobile_core.Asked
import uniffi.tilik_mobile_core.CaseAction
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.HousePhotosWhen
import uniffi.tilik_mobile_core.MapPinKind
import uniffi.tilik_mobile_core.Notice
import uniffi.tilik_mobile_core.OutboxState
import uniffi.tilik_mobile_core.PhotoVerdict
import uniffi.tilik_mobile_core.PinHint
import uniffi.tilik_mobile_core.SummaryWarning
import uniffi.tilik_mobile_core.TodayMark
import uniffi.tilik_mobile_core.TodayOrder
import uniffi.tilik_mobile_core.Why
import uniffi.tilik_mobile_core.textKeyOfProblem
import uniffi.tilik_mobile_core.textKeyOfReason
import uniffi.tilik_protocol.AnswerFault
import uniffi.tilik_protocol.Missing
import uniffi.tilik_protocol.PhotoKind
import uniffi.tilik_protocol.UnreachableReason
import uniffi.tilik_protocol.VisitKind

internal fun Context.words(kind: VisitKind): String = words(
    when (kind) {
        VisitKind.QUICK -> R.string.visit_kind_quick
        VisitKind.FULL -> R.string.visit_kind_full
        VisitKind.UNREACHABLE -> R.string.visit_kind_unreachable
        VisitKind.FINDING -> R.string.visit_kind_finding
    },
)

internal fun Context.words(mark: TodayMark): String = words(
    when (mark) {
        TodayMark.RETURNED -> R.string.today_mark_returned
        TodayMark.DRAFT -> R.string.today_mark_draft
        TodayMark.TO_VISIT -> R.string.today_mark_to_visit
        TodayMark.WAITING -> R.string.today_mark_waiting
        TodayMark.DONE -> R.string.today_mark_done
    },
)

/** The sign of a mark, beside its words. */
internal fun sign(mark: TodayMark): Int = when (mark) {
    TodayMark.RETURNED -> R.drawable.ic_returned
    TodayMark.DRAFT -> R.drawable.ic_draft
    TodayMark.TO_VISIT -> R.drawable.ic_house
    TodayMark.WAITING -> R.drawable.ic_clock
    TodayMark.DONE -> R.drawable.ic_safe
}

internal fun mood(mark: TodayMark): Mood = when (mark) {
    TodayMark.RETURNED -> Mood.BAD
    TodayMark.DRAFT -> Mood.WARN
    TodayMark.TO_VISIT -> Mood.NOTE
    TodayMark.WAITING -> Mood.WARN
    TodayMark.DONE -> Mood.GOOD
}

internal fun Context.words(order: TodayOrder): String = words(
    when (order) {
        TodayOrder.DISTANCE -> R.string.today_order_distance
        TodayOrder.NEIGHBOURHOOD -> R.string.today_order_neighbourhood
    },
)

internal fun Context.words(asked: Asked): String = words(
    when (asked) {
        Asked.FRONT_PHOTO -> R.string.asked_front_photo
        Asked.MORE_PHOTOS -> R.string.asked_more_photos
        Asked.PIN -> R.string.asked_pin
        Asked.QUESTIONS -> R.string.asked_questions
    },
)

/** The sign of what is asked, beside its words. */
internal fun sign(asked: Asked): Int = when (asked) {
    Asked.FRONT_PHOTO -> R.drawable.ic_house
    Asked.MORE_PHOTOS -> R.drawable.ic_camera
    Asked.PIN -> R.drawable.ic_pin
    Asked.QUESTIONS -> R.drawable.ic_question
}

internal fun Context.words(action: CaseAction): String = when (action) {
    is CaseAction.Visit -> words(
        when (action.kind) {
            VisitKind.QUICK -> R.string.begin_quick
            VisitKind.FULL -> R.string.begin_full
            VisitKind.UNREACHABLE -> R.string.begin_unreachable
            VisitKind.FINDING -> R.string.begin_finding
        },
    )
    is CaseAction.Continue -> words(R.string.case_action_continue)
    is CaseAction.Retake -> words(R.string.case_action_retake)
    is CaseAction.CannotBeSeen -> words(R.string.case_action_cannot_be_seen)
    is CaseAction.SeeSealed -> words(R.string.case_action_see_sealed)
}

internal fun sign(action: CaseAction): Int = when (action) {
    is CaseAction.Visit -> R.drawable.ic_camera
    is CaseAction.Continue -> R.drawable.ic_draft
    is CaseAction.Retake -> R.drawable.ic_camera
    is CaseAction.CannotBeSeen -> R.drawable.ic_away
    is CaseAction.SeeSealed -> R.drawable.ic_outbox
}

internal fun Context.words(kind: PhotoKind): String = words(
    when (kind) {
        PhotoKind.HOUSE_FRONT -> R.string.photo_kind_house_front
        PhotoKind.HOUSE_INSIDE -> R.string.photo_kind_house_inside
        PhotoKind.FAMILY_CARD -> R.string.photo_kind_family_card
        PhotoKind.ID_CARD -> R.string.photo_kind_id_card
        PhotoKind.ASSET -> R.string.photo_kind_asset
        PhotoKind.RECIPIENT -> R.string.photo_kind_recipient
        PhotoKind.STATEMENT -> R.string.photo_kind_statement
        PhotoKind.NARROW_LEFT -> R.string.photo_kind_narrow_left
        PhotoKind.NARROW_RIGHT -> R.string.photo_kind_narrow_right
    },
)

/** How the phone is to be held for such a photo. */
internal fun Context.aim(kind: PhotoKind): String = words(
    when (kind) {
        PhotoKind.HOUSE_FRONT -> R.string.aim_house_front
        PhotoKind.HOUSE_INSIDE -> R.string.aim_house_inside
        PhotoKind.FAMILY_CARD -> R.string.aim_card
        PhotoKind.ID_CARD -> R.string.aim_card
        PhotoKind.ASSET -> R.string.aim_asset
        PhotoKind.RECIPIENT -> R.string.aim_recipient
        PhotoKind.STATEMENT -> R.string.aim_card
        PhotoKind.NARROW_LEFT -> R.string.aim_narrow_left
        PhotoKind.NARROW_RIGHT -> R.string.aim_narrow_right
    },
)

/** Whether roof and floor are to be between the lines. */
internal fun hasLines(kind: PhotoKind): Boolean = when (kind) {
    PhotoKind.HOUSE_FRONT, PhotoKind.NARROW_LEFT, PhotoKind.NARROW_RIGHT -> true
    PhotoKind.HOUSE_INSIDE, PhotoKind.FAMILY_CARD, PhotoKind.ID_CARD, PhotoKind.ASSET, PhotoKind.RECIPIENT, PhotoKind.STATEMENT -> false
}

internal fun Context.words(verdict: PhotoVerdict): String = words(
    when (verdict) {
        PhotoVerdict.BLURRED -> R.string.photo_verdict_blurred
        PhotoVerdict.DARK -> R.string.photo_verdict_dark
        PhotoVerdict.TOO_SMALL -> R.string.photo_verdict_too_small
    },
)

internal fun Context.words(hint: PinHint): String = words(
    when (hint) {
        PinHint.SEARCHING -> R.string.pin_hint_searching
        PinHint.STEP_INTO_THE_OPEN -> R.string.pin_hint_step_into_the_open
        PinHint.HOLD_STILL -> R.string.pin_hint_hold_still
        PinHint.GOOD -> R.string.pin_hint_good
        PinHint.MOCKED -> R.string.pin_hint_mocked
        PinHint.FAR_FROM_LAST -> R.string.pin_hint_far_from_last
    },
)

internal fun mood(hint: PinHint): Mood = when (hint) {
    PinHint.SEARCHING -> Mood.NOTE
    PinHint.STEP_INTO_THE_OPEN -> Mood.WARN
    PinHint.HOLD_STILL -> Mood.NOTE
    PinHint.GOOD -> Mood.GOOD
    PinHint.MOCKED -> Mood.BAD
    PinHint.FAR_FROM_LAST -> Mood.WARN
}

internal fun Context.words(reason: UnreachableReason): String = words(
    when (reason) {
        UnreachableReason.NOT_FOUND -> R.string.unreachable_reason_not_found
        UnreachableReason.REFUSED -> R.string.unreachable_reason_refused
        UnreachableReason.INACCESSIBLE -> R.string.unreachable_reason_inaccessible
    },
)

internal fun Context.words(missing: Missing): String = words(
    when (missing) {
        Missing.FRONT_PHOTO -> R.string.missing_front_photo
        Missing.ANY_PHOTO -> R.string.missing_any_photo
        Missing.PIN -> R.string.missing_pin
        Missing.PIN_REASON -> R.string.missing_pin_reason
        Missing.ANSWERS -> R.string.missing_answers
        Missing.UNREACHABLE_REASON -> R.string.missing_unreachable_reason
    },
)

internal fun Context.words(fault: AnswerFault): String = words(
    when (fault) {
        AnswerFault.MISSING -> R.string.answer_fault_missing
        AnswerFault.NOT_ALLOWED -> R.string.answer_fault_not_allowed
        AnswerFault.NOT_ASKED -> R.string.answer_fault_not_asked
        AnswerFault.UNKNOWN_QUESTION -> R.string.answer_fault_unknown_question
    },
)

internal fun Context.words(warning: SummaryWarning): String = when (warning) {
    is SummaryWarning.PhotoVerdict -> words(R.string.summary_warning_photo_verdict, words(warning.verdict))
    is SummaryWarning.PinMocked -> words(R.string.summary_warning_pin_mocked)
    is SummaryWarning.PinFar -> words(R.string.summary_warning_pin_far, metres(warning.metres))
    is SummaryWarning.PinPoor -> words(R.string.summary_warning_pin_poor)
    is SummaryWarning.ClockOff -> words(R.string.summary_warning_clock_off)
    is SummaryWarning.SpaceLow -> words(R.string.summary_warning_space_low)
}

internal fun Context.words(state: OutboxState): String = words(
    when (state) {
        is OutboxState.Waiting -> R.string.outbox_state_waiting
        is OutboxState.Sending -> R.string.outbox_state_sending
        is OutboxState.Sent -> R.string.outbox_state_sent
        is OutboxState.NeedsAttention -> R.string.outbox_state_needs_attention
    },
)

internal fun mood(state: OutboxState): Mood = when (state) {
    is OutboxState.Waiting -> Mood.WARN
    is OutboxState.Sending -> Mood.NOTE
    is OutboxState.Sent -> Mood.GOOD
    is OutboxState.NeedsAttention -> Mood.BAD
}

internal fun sign(state: OutboxState): Int = when (state) {
    is OutboxState.Waiting -> R.drawable.ic_clock
    is OutboxState.Sending -> R.drawable.ic_outbox
    is OutboxState.Sent -> R.drawable.ic_safe
    is OutboxState.NeedsAttention -> R.drawable.ic_warn
}

internal fun Context.words(why: Why): String = when (why) {
    is Why.Malformed -> words(R.string.why_malformed, problem(why.code))
    is Why.Conflict -> words(R.string.why_conflict)
    is Why.Quarantined -> words(R.string.why_quarantined, problem(why.code))
    is Why.PhotoConflict -> words(R.string.why_photo_conflict)
    is Why.PhotoRefused -> words(R.string.why_photo_refused, problem(why.code))
    is Why.FileMissing -> words(R.string.why_file_missing)
    is Why.FileDamaged -> words(R.string.why_file_damaged)
}

internal fun Context.words(notice: Notice): String = when (notice) {
    is Notice.UpdateOffered -> words(R.string.notice_update_offered, notice.version, bytes(notice.bytes))
    is Notice.UpdateNeeded -> words(R.string.notice_update_needed)
    is Notice.PasswordNeeded -> words(R.string.notice_password_needed)
    is Notice.SignInAgain -> words(R.string.notice_sign_in_again)
    is Notice.ClockOff -> words(R.string.notice_clock_off, duration(notice.aheadS))
    is Notice.SpaceLow -> words(R.string.notice_space_low)
    is Notice.SpaceFull -> words(R.string.notice_space_full)
    is Notice.Returned -> words(R.string.notice_returned, notice.count.toInt())
    is Notice.ClosingSoon -> words(R.string.notice_closing_soon, notice.count.toInt(), notice.days.toInt())
    is Notice.NeedsAttention -> words(R.string.notice_needs_attention, notice.count.toInt())
    is Notice.UnreadableRows -> words(R.string.notice_unreadable_rows, notice.count.toInt())
    is Notice.DeviceRevoked -> words(R.string.notice_device_revoked)
    is Notice.KeyLost -> words(R.string.notice_key_lost, notice.count.toInt())
}

internal fun mood(notice: Notice): Mood = when (notice) {
    is Notice.UpdateOffered, is Notice.UnreadableRows -> Mood.NOTE
    is Notice.UpdateNeeded, is Notice.SpaceFull, is Notice.DeviceRevoked, is Notice.KeyLost, is Notice.Returned,
    is Notice.NeedsAttention,
    -> Mood.BAD
    is Notice.PasswordNeeded, is Notice.SignInAgain, is Notice.ClockOff, is Notice.SpaceLow, is Notice.ClosingSoon -> Mood.WARN
}

/** "2 jam 5 menit lebih cepat". */
private fun Context.duration(aheadS: Long): String {
    val minutes = (Math.abs(aheadS) / 60).toInt()
    val long = when {
        minutes >= 2 * 24 * 60 -> words(R.string.duration_days, minutes / (24 * 60))
        minutes >= 60 -> words(R.string.duration_hours, minutes / 60, minutes % 60)
        else -> words(R.string.duration_minutes, minutes)
    }
    return words(if (aheadS < 0) R.string.duration_behind else R.string.duration_ahead, long)
}

internal fun Context.words(kind: MapPinKind): String = words(
    when (kind) {
        MapPinKind.HOUSE -> R.string.map_pin_kind_house
        MapPinKind.OTHER -> R.string.map_pin_kind_other
        MapPinKind.RETURNED -> R.string.map_pin_kind_returned
        MapPinKind.HERE -> R.string.map_pin_kind_here
        MapPinKind.DRAFTED -> R.string.map_pin_kind_drafted
    },
)

internal fun Context.words(choice: HousePhotosWhen): String = words(
    when (choice) {
        HousePhotosWhen.UNMETERED -> R.string.house_photos_when_unmetered
        HousePhotosWhen.ALWAYS -> R.string.house_photos_when_always
        HousePhotosWhen.NEVER -> R.string.house_photos_when_never
    },
)

/** What an error of the core says, with what to do about it. */
internal fun Context.words(error: CoreException): String = when (error) {
    is CoreException.SignInAgain -> words(R.string.error_sign_in_again)
    is CoreException.UpdateApp -> words(R.string.error_update_app)
    is CoreException.StorageFull -> words(R.string.error_storage_full)
    is CoreException.ClockWrong -> words(R.string.error_clock_wrong)
    is CoreException.NotEnrolled -> words(R.string.error_not_enrolled)
    is CoreException.DeviceRevoked -> words(R.string.error_device_revoked)
    is CoreException.UnknownVisit -> words(R.string.error_unknown_visit)
    is CoreException.Incomplete -> words(R.string.error_incomplete) + error.missing.joinToString("") { "\n• " + words(it) }
    is CoreException.BadPhoto -> byKey("photo_problem_" + error.problem) ?: words(R.string.error_bad_photo)
    is CoreException.Refused -> problem(error.code)
    is CoreException.Locked -> words(R.string.error_locked)
    is CoreException.Bug -> words(R.string.error_bug, error.reference)
}

/** A problem code in words; the core says which key it has. */
internal fun Context.problem(code: String): String = byKey(textKeyOfProblem(code)) ?: words(R.string.problem_other)

/** A reason code in words; a city's own code that has none is shown beside the general words. */
internal fun Context.reason(code: String): String {
    val said = byKey(textKeyOfReason(code))
    return if (said == null || said == words(R.string.reason_other)) words(R.string.reason_unknown, code) else said
}

/** Codes are open lists of the server, so they are looked up by name. */
internal fun Context.byKey(key: String): String? {
    val id = resources.getIdentifier(key, "string", packageName)
    return if (id == 0) null else getString(id)
}

/** What keeps the sender from sending, when it is something a person can do something about. */
internal fun Context.words(state: Sender.State): String? = when (state) {
    Sender.State.IDLE, Sender.State.SENDING, Sender.State.WAITING -> null
    Sender.State.NO_SERVER -> words(R.string.sender_no_server)
    Sender.State.CERTIFICATE -> words(R.string.sender_certificate)
    Sender.State.PORTAL -> words(R.string.sender_portal)
}
