package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.view.ViewGroup
import android.widget.BaseAdapter
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ListView
import id.tilik.app.R
import id.tilik.app.phone.Sender
import uniffi.tilik_mobile_core.OutboxPhoto
import uniffi.tilik_mobile_core.OutboxState
import uniffi.tilik_mobile_core.OutboxSummary
import uniffi.tilik_mobile_core.OutboxVisit
import uniffi.tilik_mobile_core.OutboxVisitView
import uniffi.tilik_mobile_core.Status

/** What was sealed on this phone, and how much of it is safe on the server. */
class OutboxScreen(args: Bundle = Bundle()) : Screen(ScreenName.OUTBOX, args) {
    private var head: LinearLayout? = null
    private var rows: OutboxRows? = null
    private var hasBegun = false

    override fun title(context: Context): CharSequence = context.words(R.string.outbox_title)

    override fun body(context: Context): View {
        val above = context.column(12).padded(EDGE_DP, 8).also { head = it }
        val drawn = OutboxRows(context) { visit -> stage.open(OutboxVisitScreen.of(visit.visit, visit.training)) }
        rows = drawn
        return ListView(context).apply {
            divider = null
            dividerHeight = context.dp(GAP_DP)
            addHeaderView(above, null, false)
            adapter = drawn
        }
    }

    override fun foot(context: Context): View =
        context.button(context.words(R.string.send_now), Tone.MAIN, R.drawable.ic_outbox) { send() }

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ it.outboxView() to it.status() }) { (outbox, status) -> show(outbox, status) }

    /** The sums, then each visit. */
    fun show(outbox: OutboxSummary, status: Status) {
        val above = head ?: return
        val context = above.context
        above.removeAllViews()
        val isAllSafe = outbox.photosSafe == outbox.photosTotal && outbox.waiting == 0u && outbox.sending == 0u && outbox.attention == 0u
        val safe = context.words(R.string.outbox_safe, outbox.photosSafe.toInt(), outbox.photosTotal.toInt())
        val said = if (outbox.visits.isEmpty()) context.words(R.string.outbox_empty) else safe
        above.addView(context.box(if (isAllSafe) Mood.GOOD else Mood.NOTE, said).live(), wide())
        val sums = listOf(
            outbox.attention to R.string.count_attention, outbox.waiting to R.string.count_unsent,
            outbox.sending to R.string.count_sending, outbox.sent to R.string.count_sent,
        ).filter { it.first > 0u }.joinToString(" · ") { context.words(it.second, it.first.toInt()) }
        if (sums.isNotEmpty()) above.addView(context.text(sums, Type.STRONG), wide())
        val whys = if (isInFront) context.waits(stage.app.sender.state, outbox, status) else emptyList()
        // What was begun did not go on, and why is said here.
        if (hasBegun && whys.isNotEmpty()) {
            hasBegun = false
            hush()
        }
        for (why in whys) above.addView(context.box(Mood.WARN, why), wide())
        status.lastSyncAt?.let { above.addView(context.text(context.words(R.string.last_sync, dateTime(it)), Type.NOTE), wide()) }
        above.addView(
            context.toggle(context.words(R.string.data_saver), context.words(R.string.data_saver_how), status.dataSaver) { on ->
                act({ it.setDataSaver(on) }) { stage.app.sender.wake() }
            },
            wide(),
        )
        val carry = context.lead(context.words(R.string.carry_title), context.words(R.string.carry_short), R.drawable.ic_outbox) {
            stage.open(CarryScreen())
        }
        above.addView(carry, wide())
        rows?.show(outbox.visits)
    }

    private fun send() = askToShowProgress(stage.activity) {
        whenInFront {
            stage.app.sender.sendNow()
            hasBegun = true
            say(stage.activity.words(R.string.sending_begins), Mood.NOTE)
        }
    }
}

/** Why something waits, when it is known. */
private fun Context.waits(sender: Sender.State, outbox: OutboxSummary, status: Status): List<String> {
    val why = ArrayList<String>()
    words(sender)?.let { why.add(it) }
    if (outbox.waitsForWifi) why.add(words(R.string.waits_for_wifi))
    val problem = status.lastProblem
    if (why.isEmpty() && problem != null) why.add(words(R.string.last_problem, problem(problem)))
    return why
}

/** One row a visit. */
private class OutboxRows(private val context: Context, private val open: (OutboxVisit) -> Unit) : BaseAdapter() {
    private var visits: List<OutboxVisitView> = emptyList()

    fun show(all: List<OutboxVisitView>) {
        visits = all
        notifyDataSetChanged()
    }

    override fun getCount(): Int = visits.size

    override fun getItem(position: Int): OutboxVisitView = visits[position]

    override fun getItemId(position: Int): Long = position.toLong()

    override fun getView(position: Int, convertView: View?, parent: ViewGroup?): View {
        val row = convertView as? OutboxRow ?: OutboxRow(context)
        row.show(visits[position], open)
        return row
    }
}

private class OutboxRow(context: Context) : LinearLayout(context) {
    private val training = context.trainingChip()
    private val name = context.text("", Type.NAME)
    private val sealed = context.text("", Type.NOTE)
    private val sign = ImageView(context).silent()
    private val state = context.text("", Type.STRONG)
    private val chip = context.row(6, sign).apply { addView(state, rest()) }
    private val safe = context.text("")
    private val card = context.column(4, name, sealed, chip, safe).padded(14, 12)

    init {
        orientation = VERTICAL
        setPadding(context.dp(EDGE_DP), 0, context.dp(EDGE_DP), 0)
        card.addView(training, 0, LayoutParams(LayoutParams.WRAP_CONTENT, LayoutParams.WRAP_CONTENT))
        addView(card, wide())
    }

    fun show(row: OutboxVisitView, open: (OutboxVisit) -> Unit) {
        val visit = row.visit
        training.showIf(visit.training)
        name.text = context.titleOf(row)
        sealed.text = context.words(R.string.sealed_at, dateTime(visit.capturedAt))
        val mood = mood(visit.state)
        sign.setImageDrawable(context.sign(sign(visit.state), mood.words))
        state.text = context.words(visit.state)
        state.setTextColor(context.colour(mood.words))
        chip.background = context.shape(mood.ground, radius = 8)
        chip.padded(8, 4)
        safe.text = context.words(R.string.outbox_safe, visit.photosSafe.toInt(), visit.photosTotal.toInt())
        card.touchable(context.shape(R.color.card)) { open(visit) }
        card.padded(14, 12)
        card.asButton()
    }
}

/** Whose visit it is: a name, or the words of the core's key where there is none. */
internal fun Context.titleOf(row: OutboxVisitView): String = row.title ?: byKey(row.titleKey) ?: words(R.string.finding)

/** One sealed visit: the proof of receipt, photo by photo. */
class OutboxVisitScreen(args: Bundle) : Screen(ScreenName.OUTBOX_VISIT, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var column: LinearLayout? = null
    private var again: Button? = null

    override fun title(context: Context): CharSequence = context.words(R.string.outbox_visit_title)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it })

    override fun foot(context: Context): View =
        context.button(context.words(R.string.try_again), Tone.MAIN) { retry() }.also {
            it.showIf(false)
            again = it
        }

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ core ->
        val outbox = core.outboxView()
        outbox.visits.find { it.visit.visit == visit }?.let { view ->
            Whole(outbox, core.status(), view, view.visit.photos.mapNotNull { photo -> core.photoView(photo.photo)?.let { photo.photo to it } }.toMap())
        }
    }) { whole ->
        if (whole == null) gone() else show(whole.view, whole.pictures, stage.activity.waits(stage.app.sender.state, whole.outbox, whole.status))
    }

    private class Whole(val outbox: OutboxSummary, val status: Status, val view: OutboxVisitView, val pictures: Map<String, ByteArray>)

    /** The visit, with the small pictures of its photos by their ids; `waits` says why nothing goes out now. */
    fun show(view: OutboxVisitView, pictures: Map<String, ByteArray>, waits: List<String> = emptyList()) {
        val all = column ?: return
        val context = all.context
        val sealed = view.visit
        isTraining = sealed.training
        all.removeAllViews()
        all.addView(context.text(context.titleOf(view), Type.TITLE), wide())
        all.addView(context.stateLine(sealed.state), wide())
        why(context, sealed.state)?.let { all.addView(context.box(Mood.BAD, it), wide()) }
        if (sealed.state is OutboxState.Waiting || sealed.state is OutboxState.Sending) {
            for (why in waits) all.addView(context.box(Mood.WARN, why), wide())
        }
        val times = context.column(2, context.text(context.words(R.string.sealed_at, dateTime(sealed.capturedAt))))
        val receipt = sealed.receivedAt?.let { context.words(R.string.received_at, dateTime(it)) } ?: context.words(R.string.not_received)
        times.addView(context.text(receipt, Type.STRONG), wide())
        all.addView(times, wide())
        val safe = context.words(R.string.outbox_safe, sealed.photosSafe.toInt(), sealed.photosTotal.toInt())
        all.addView(context.text(safe, Type.HEADING), wide())
        sealed.photos.forEachIndexed { at, photo -> all.addView(photo(context, at, photo, pictures[photo.photo]), wide()) }
        val stands = (listOf(sealed.state) + sealed.photos.map { it.state }).any { it is OutboxState.NeedsAttention }
        again?.showIf(stands)
    }

    private fun photo(context: Context, at: Int, photo: OutboxPhoto, jpeg: ByteArray?): View {
        val number = context.words(R.string.photo_number, at + 1)
        val name = photo.kind?.let { context.words(R.string.photo_number_kind, number, context.words(it)) } ?: number
        val said = context.column(4, context.text(name, Type.STRONG), context.stateLine(photo.state))
        why(context, photo.state)?.let { said.addView(context.text(it, Type.BODY), wide()) }
        photo.problem?.let { said.addView(context.box(Mood.BAD, context.words(R.string.photo_failed, context.problem(it))), wide()) }
        val sent = context.words(R.string.photo_sent_bytes, context.bytes(photo.sentBytes), context.bytes(photo.bytes))
        if (photo.receivedAt == null) said.addView(context.text(sent, Type.NOTE), wide())
        photo.receivedAt?.let { said.addView(context.text(context.words(R.string.received_at, dateTime(it)), Type.NOTE), wide()) }
        photo.safeAt?.let { said.addView(context.text(context.words(R.string.safe_at, dateTime(it)), Type.NOTE), wide()) }
        if (!photo.onPhone) said.addView(context.text(context.words(R.string.photo_off_phone), Type.NOTE), wide())
        val card = context.column(GAP_DP, said)
        if (jpeg != null) card.addView(context.picture(jpeg, name, 140), wide())
        return card.apply { background = context.shape(R.color.card) }.padded(14, 12)
    }

    private fun why(context: Context, state: OutboxState): String? = when (state) {
        is OutboxState.NeedsAttention -> context.words(state.why)
        is OutboxState.Waiting, is OutboxState.Sending, is OutboxState.Sent -> null
    }

    private fun gone() {
        val all = column ?: return
        all.removeAllViews()
        all.addView(all.context.box(Mood.GOOD, all.context.words(R.string.outbox_visit_gone)), wide())
    }

    private fun retry() = act({ it.retry(visit) }) {
        stage.app.sender.sendNow()
        say(stage.activity.words(R.string.sending_begins), Mood.NOTE)
        onChanged()
    }

    internal companion object {
        fun of(visit: String, training: Boolean) = OutboxVisitScreen(Bundle().apply {
            putString(VISIT, visit)
            putBoolean(TRAINING, training)
        })
    }
}

/** A state with its sign. */
internal fun Context.stateLine(state: OutboxState): View {
    val mood = mood(state)
    val line = row(8, ImageView(this).apply { setImageDrawable(sign(sign(state), mood.words)) }.silent())
    line.addView(text(words(state), Type.STRONG, mood.words), rest())
    return line.apply { background = shape(mood.ground, radius = 8) }.padded(12, 6)
}
