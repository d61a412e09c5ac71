package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.widget.ImageView
import android.widget.LinearLayout
import id.tilik.app.R
import id.tilik.app.phone.Positions
import uniffi.tilik_mobile_core.CaseAction
import uniffi.tilik_mobile_core.CaseView
import uniffi.tilik_mobile_core.FieldApp
import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.ReturnedView
import uniffi.tilik_mobile_core.TodayMark

/** One case: where the house is, how it looked last time, what is asked, and what can be done now. */
class CaseScreen(args: Bundle) : Screen(ScreenName.CASE, args) {
    private val case: String = args.getString(CASE).orEmpty()
    private var column: LinearLayout? = null
    private var main: LinearLayout? = null
    private var arrow: WayView? = null
    private var positions: Positions? = null
    private var family: String = ""
    private var before: CaseView? = null
    private var shownPictures: Set<String> = emptySet()

    override fun title(context: Context): CharSequence = family.ifEmpty { context.words(R.string.case_title) }

    override fun tools(context: Context): List<View> = listOf(
        context.signButton(R.drawable.ic_map, context.words(R.string.map_title)) { stage.open(MapScreen.of(case, isTraining)) },
    )

    override fun body(context: Context): View {
        before = null
        arrow = null
        return context.scroll(context.column(EDGE_DP).padded().also { column = it })
    }

    override fun foot(context: Context): View = context.column(0).also { main = it }

    override fun onShown() {
        val heard = stage.app.newPositions()
        positions = heard
        heard.watch(Positions.Pace.WALKING, object : Positions.Watcher {
            override fun fix(fix: Fix) = onChanged()
            override fun heading(degrees: Float) {
                arrow?.turn(degrees)
            }
            override fun headingUnknown() {
                arrow?.turn(null)
            }
            override fun rough() = Unit
            override fun unavailable(why: Positions.Unavailable) = Unit
        })
        onChanged()
    }

    override fun onHidden() {
        positions?.close()
        positions = null
    }

    override fun onChanged() {
        val here = positions?.last()
        ask({ core -> core.caseView(case, here)?.let { Shown(it, pictures(core, it)) } }) { shown ->
            // The case left the roster: somebody else has it now.
            if (shown == null) gone() else show(shown.view, shown.pictures)
        }
    }

    private class Shown(val view: CaseView, val pictures: Map<String, ByteArray>)

    private fun pictures(core: FieldApp, view: CaseView): Map<String, ByteArray> {
        val found = HashMap<String, ByteArray>()
        if (view.lastPhoto?.onPhone == true) core.housePhoto(case)?.let { found[LAST] = it }
        for (photo in view.returned?.reasons.orEmpty().mapNotNull { it.photo }) core.photoView(photo)?.let { found[photo] = it }
        return found
    }

    private fun gone() {
        column?.let {
            it.removeAllViews()
            it.addView(it.context.box(Mood.WARN, it.context.words(R.string.case_gone)), wide())
        }
        main?.removeAllViews()
    }

    /** The case; `pictures` are its last photo under `last` and the returned ones under their ids. */
    fun show(view: CaseView, pictures: Map<String, ByteArray>) {
        val all = column ?: return
        val context = all.context
        // On the way only the way changes; what a screen reader reads is not made anew every five seconds.
        val same = before?.copy(way = null) == view.copy(way = null) && shownPictures == pictures.keys
        val way = view.way
        before = view
        if (same && way != null && arrow?.also { it.show(way) } != null) return
        shownPictures = pictures.keys
        family = view.name
        retitle(context)
        isTraining = view.training
        all.removeAllViews()
        val mood = mood(view.mark)
        all.addView(context.markLine(view.mark, context.words(view.kind), mood), wide())
        view.returned?.let { all.addView(returned(context, it, pictures), wide()) }
        arrow = null
        if (way != null) {
            val drawn = WayView(context)
            drawn.show(way)
            arrow = drawn
            all.addView(drawn, wide())
        }
        all.addView(family(context, view), wide())
        all.addView(last(context, view, pictures[LAST]), wide())
        all.addView(asked(context, view), wide())
        main?.removeAllViews()
        view.actions.forEachIndexed { at, action ->
            val button = context.button(context.words(action), if (at == 0) Tone.MAIN else Tone.PLAIN, sign(action)) { perform(action) }
            if (at == 0) main?.addView(button, wide()) else all.addView(button, wide())
        }
    }

    private fun family(context: Context, view: CaseView): View {
        val card = context.column(
            4,
            context.text(view.name, Type.NAME),
            context.text(context.words(R.string.row_address, view.address, view.rt, view.rw, view.village)),
        )
        if (view.programs.isNotEmpty()) {
            card.addView(context.text(context.words(R.string.case_programs, view.programs.joinToString(", ")), Type.NOTE), wide())
        }
        view.closesInDays?.let { days ->
            val until = view.closesAt?.let { " (" + day(it) + ")" }.orEmpty()
            card.addView(context.text(context.closesIn(days) + until, Type.NOTE), wide())
        }
        return card.apply { background = context.shape(R.color.card) }.padded(14, 12)
    }

    private fun last(context: Context, view: CaseView, jpeg: ByteArray?): View {
        val photo = view.lastPhoto
        val taken = photo?.takenAt?.let { context.words(R.string.case_photo_taken, day(it)) }
        val says = when {
            photo == null -> context.words(R.string.case_no_photo)
            jpeg == null -> context.words(R.string.case_photo_later)
            else -> taken ?: context.words(R.string.case_photo)
        }
        val block = context.column(GAP_DP, context.text(context.words(R.string.case_photo), Type.HEADING), context.picture(jpeg, says, 240))
        if (jpeg != null && taken != null) block.addView(context.text(taken, Type.NOTE), wide())
        view.lastPin?.let {
            val pin = context.words(R.string.case_last_pin, coordinates(it.latE7, it.lonE7), context.accuracy(it.accuracyCm), day(it.takenAt))
            block.addView(context.text(pin, Type.NOTE), wide())
        }
        return block
    }

    private fun asked(context: Context, view: CaseView): View {
        val block = context.column(GAP_DP, context.text(context.words(R.string.case_asked), Type.HEADING))
        for (ask in view.asked) {
            val line = context.row(12, ImageView(context).apply { setImageDrawable(context.sign(sign(ask), R.color.text)) }.silent())
            line.addView(context.text(context.words(ask)), rest())
            block.addView(line, wide())
        }
        return block
    }

    private fun perform(action: CaseAction) = act({ it.act(case, action) }) { visit ->
        when (action) {
            is CaseAction.SeeSealed -> stage.open(OutboxVisitScreen.of(visit, isTraining))
            is CaseAction.Visit, is CaseAction.Continue, is CaseAction.Retake, is CaseAction.CannotBeSeen -> goOn(visit, inPlace = false)
        }
    }

    internal companion object {
        /** The key of the last photo among the pictures. */
        const val LAST = "last"

        fun of(case: String, training: Boolean) = CaseScreen(Bundle().apply {
            putString(CASE, case)
            putBoolean(TRAINING, training)
        })
    }
}

/** Why a visit came back: photo by photo, with what has been mended already. */
internal fun returned(context: Context, view: ReturnedView, pictures: Map<String, ByteArray>): View {
    val block = context.column(GAP_DP, context.text(context.words(R.string.returned_title, dateTime(view.at)), Type.HEADING, R.color.on_bad_soft))
    for (reason in view.reasons) {
        val about = when {
            reason.photoKind != null -> reason.photoKind?.let { context.words(it) }
            reason.aboutPin -> context.words(R.string.returned_pin)
            else -> reason.question
        }
        val said = context.column(2)
        if (about != null) said.addView(context.text(about, Type.STRONG, R.color.on_bad_soft), wide())
        said.addView(context.text(context.reason(reason.code), Type.BODY, R.color.on_bad_soft), wide())
        reason.note?.let { said.addView(context.text(context.words(R.string.returned_note, it), Type.NOTE, R.color.on_bad_soft), wide()) }
        val state = context.words(if (reason.mended) R.string.returned_mended else R.string.returned_open)
        val sign = ImageView(context).apply {
            setImageDrawable(context.sign(if (reason.mended) R.drawable.ic_check else R.drawable.ic_warn, R.color.on_bad_soft))
        }.silent()
        val line = context.row(6, sign)
        line.addView(context.text(state, Type.NOTE, R.color.on_bad_soft), rest())
        said.addView(line, wide())
        reason.photo?.let { pictures[it] }?.let { said.addView(context.picture(it, about ?: context.reason(reason.code), 180), wide()) }
        block.addView(said, wide())
    }
    if (view.keptPhotos > 0u) {
        block.addView(context.text(context.words(R.string.returned_kept, view.keptPhotos.toInt()), Type.BODY, R.color.on_bad_soft), wide())
    }
    return block.apply { background = context.shape(R.color.bad_soft) }.padded(14, 12)
}

/** A mark with its sign, and more words beside it. */
internal fun Context.markLine(mark: TodayMark, more: String, mood: Mood): View {
    val line = row(8, ImageView(this).apply { setImageDrawable(sign(sign(mark), mood.words)) }.silent())
    line.addView(text(words(R.string.row_mark, words(mark), more), Type.STRONG, mood.words), rest())
    return line.apply { background = shape(mood.ground, radius = 8) }.padded(12, 8)
}
