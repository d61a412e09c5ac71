package id.tilik.app.screens

import android.app.Activity
import android.app.AlertDialog
import android.content.Context
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.HorizontalScrollView
import android.widget.ImageView
import android.widget.LinearLayout
import id.tilik.app.R
import id.tilik.app.phone.secure
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.SealedView
import uniffi.tilik_mobile_core.SummaryView
import uniffi.tilik_mobile_core.SummaryWarning
import uniffi.tilik_protocol.Missing

/** The visit as a whole: what is at hand, what is missing, what deserves a second look; and the seal. */
class SummaryScreen(args: Bundle) : Screen(ScreenName.SUMMARY, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var column: LinearLayout? = null
    private var seal: Button? = null

    override fun title(context: Context): CharSequence = context.words(R.string.summary_title)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it })

    override fun foot(context: Context): View {
        val button = context.button(context.words(R.string.seal), Tone.MAIN, R.drawable.ic_safe) { seal() }
        button.allow(false)
        seal = button
        return context.column(GAP_DP, context.text(context.words(R.string.summary_seal_how), Type.NOTE), button)
    }

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ core ->
        val view = core.summary(visit)
        Whole(view, view.draft.photos.mapNotNull { photo -> core.photoView(photo.id)?.let { photo.id to it } }.toMap())
    }) { show(it.view, it.pictures) }

    private class Whole(val view: SummaryView, val pictures: Map<String, ByteArray>)

    /** The visit, with the small pictures of its photos by their ids. */
    fun show(view: SummaryView, pictures: Map<String, ByteArray>) {
        val all = column ?: return
        val context = all.context
        isTraining = view.draft.training
        all.removeAllViews()
        val name = view.name.ifEmpty { context.words(R.string.finding) }
        val who = context.column(2, context.text(context.words(view.draft.kind), Type.NOTE), context.text(name, Type.NAME))
        if (view.address.isNotEmpty()) who.addView(context.text(context.words(R.string.summary_address, view.address, view.village)), wide())
        all.addView(who, wide())
        for (missing in view.draft.missing) {
            all.addView(context.box(Mood.BAD, context.words(missing)) { open(screen(missing)) }, wide())
        }
        for (warning in view.warnings) all.addView(context.box(Mood.WARN, context.words(warning), target(warning)?.let { { open(it) } }), wide())
        all.addView(photos(context, view, pictures), wide())
        all.addView(pin(context, view), wide())
        if (view.asked > 0u) {
            val note = context.words(R.string.summary_answers, view.answered.toInt(), view.asked.toInt())
            all.addView(context.lead(context.words(R.string.questions_title), note, R.drawable.ic_question) { open(ScreenName.QUESTIONS) }, wide())
        }
        view.draft.unreachable?.let { reason ->
            val lead = context.lead(context.words(R.string.why_not_title), context.words(reason), R.drawable.ic_away) {
                open(ScreenName.WHY_NOT)
            }
            all.addView(lead, wide())
        }
        all.addView(context.text(context.words(R.string.summary_sent_how), Type.NOTE), wide())
        all.addView(context.button(context.words(R.string.discard)) { discard() }, wide())
        seal?.allow(view.canSeal)
    }

    private fun photos(context: Context, view: SummaryView, pictures: Map<String, ByteArray>): View {
        val note = context.words(R.string.summary_photos, view.draft.photos.size)
        val block = context.column(GAP_DP, context.lead(context.words(R.string.camera_title), note, R.drawable.ic_camera) { open(ScreenName.CAMERA) })
        if (view.draft.photos.isEmpty()) return block
        val row = context.row(GAP_DP)
        // What was just taken is looked at first.
        for (photo in view.draft.photos.sortedBy { it.kept }) {
            val kind = context.words(photo.kind)
            val below = if (photo.kept) context.words(R.string.photo_kept, kind) else kind
            val one = context.column(2, context.picture(pictures[photo.id], kind, 120), context.text(below, Type.NOTE))
            row.addView(one, LinearLayout.LayoutParams(context.dp(150), ViewGroup.LayoutParams.WRAP_CONTENT))
        }
        row.gravity = Gravity.TOP
        val sideways = HorizontalScrollView(context).apply {
            // It would lie over the words below the photos.
            isHorizontalScrollBarEnabled = false
            addView(row)
        }
        block.addView(sideways, wide())
        return block
    }

    private fun pin(context: Context, view: SummaryView): View {
        val pin = view.draft.pin
        val note = pin?.let { context.words(R.string.pin_set, context.accuracy(it.accuracyCm), context.pinSource(it.source)) }
            ?: context.words(R.string.pin_none)
        return context.lead(context.words(R.string.pin_title), note, R.drawable.ic_pin) { open(ScreenName.PIN) }
    }

    private fun open(name: ScreenName) = stage.open(name.of(visit, isTraining))

    private fun screen(missing: Missing): ScreenName = when (missing) {
        Missing.FRONT_PHOTO, Missing.ANY_PHOTO -> ScreenName.CAMERA
        Missing.PIN, Missing.PIN_REASON -> ScreenName.PIN
        Missing.ANSWERS -> ScreenName.QUESTIONS
        Missing.UNREACHABLE_REASON -> ScreenName.WHY_NOT
    }

    private fun target(warning: SummaryWarning): ScreenName? = when (warning) {
        is SummaryWarning.PhotoVerdict -> ScreenName.CAMERA
        is SummaryWarning.PinMocked, is SummaryWarning.PinFar, is SummaryWarning.PinPoor -> ScreenName.PIN
        is SummaryWarning.ClockOff, is SummaryWarning.SpaceLow -> null
    }

    private fun seal() {
        seal?.let { wait(it, R.string.seal, true) }
        act({ it.seal(visit) }) { sealed ->
            stage.app.sender.wake()
            stage.home(SealedScreen.of(sealed, isTraining))
        }
    }

    override fun failed(error: CoreException) {
        super.failed(error)
        seal?.let { wait(it, R.string.seal, false) }
        if (error is CoreException.Incomplete) onChanged()
    }

    private fun discard() = confirm(stage.activity, R.string.discard_title, R.string.discard_why, R.string.discard) {
        act({ it.discard(visit) }) { stage.home() }
    }
}

/** Asks once more before something is lost. */
internal fun confirm(activity: Activity, title: Int, why: Int, does: Int, act: () -> Unit) {
    val asked = AlertDialog.Builder(activity).setTitle(title).setMessage(why)
        .setPositiveButton(does) { _, _ -> act() }
        .setNegativeButton(R.string.cancel, null)
        .create()
    // A window of its own, which takes over nothing of the activity's.
    asked.window?.secure()
    asked.show()
}

/** The visit is sealed: what that means, and on to the next house. */
class SealedScreen(args: Bundle) : Screen(ScreenName.SEALED, args) {
    override val hasBack = false

    override fun title(context: Context): CharSequence = context.words(R.string.sealed_title)

    override fun body(context: Context): View {
        val sign = ImageView(context).apply { setImageDrawable(context.sign(R.drawable.ic_safe, R.color.main)) }.silent()
        val said = context.column(EDGE_DP)
        said.addView(sign, LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, context.dp(112)))
        val photos = args.getInt(PHOTOS)
        val lines = listOf(
            context.text(context.words(R.string.sealed_words), Type.TITLE),
            context.text(context.words(R.string.sealed_what, photos, context.bytes(args.getLong(BYTES).toULong())), Type.BODY),
            context.text(context.words(R.string.sealed_number, args.getLong(SEQ), dateTime(args.getLong(AT))), Type.NOTE),
            context.text(context.words(R.string.sealed_safe)),
        )
        for (line in lines) said.addView(line.apply { gravity = Gravity.CENTER }, wide())
        return context.scroll(said.padded(24, 24).apply { gravity = Gravity.CENTER })
    }

    override fun foot(context: Context): View = context.column(
        GAP_DP,
        context.button(context.words(R.string.sealed_next), Tone.MAIN) { stage.home() },
        context.button(context.words(R.string.sealed_outbox)) { stage.replace(OutboxVisitScreen.of(args.getString(VISIT).orEmpty(), isTraining)) },
    )

    internal companion object {
        private const val PHOTOS = "photos"
        private const val BYTES = "bytes"
        private const val SEQ = "seq"
        private const val AT = "at"

        fun of(sealed: SealedView, training: Boolean) = SealedScreen(Bundle().apply {
            putString(VISIT, sealed.visit)
            putBoolean(TRAINING, training)
            putInt(PHOTOS, sealed.photos.toInt())
            putLong(BYTES, sealed.bytes.toLong())
            putLong(SEQ, sealed.seq.toLong())
            putLong(AT, sealed.capturedAt)
        })
    }
}
