package id.tilik.app.screens

import android.content.Context
import android.content.res.ColorStateList
import android.os.Bundle
import android.text.InputType
import android.view.View
import android.widget.Button
import android.widget.FrameLayout
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import id.tilik.app.R
import id.tilik.app.phone.FixWatcher
import id.tilik.app.phone.Positions
import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.MapQuery
import uniffi.tilik_mobile_core.MapView
import uniffi.tilik_mobile_core.PinHint
import uniffi.tilik_mobile_core.PinView
import uniffi.tilik_mobile_core.Place

/** Where the front door is: fixes are heard and averaged while the officer stands there. */
class PinScreen(args: Bundle) : Screen(ScreenName.PIN, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var figure: TextView? = null
    private var counted: TextView? = null
    private var progress: ProgressBar? = null
    private var told: LinearLayout? = null
    private var where: TextView? = null
    private var reason: Field? = null
    private var take: Button? = null
    private var next: Button? = null
    private var trouble: LinearLayout? = null
    private var heard: List<View> = emptyList()
    private var positions: Positions? = null
    private var now: PinView? = null
    private var saying: List<String> = emptyList()

    override fun title(context: Context): CharSequence = context.words(R.string.pin_title)

    override fun body(context: Context): View {
        val large = context.text(context.words(R.string.pin_none), Type.FIGURE).also { figure = it }
        val count = context.text("", Type.BODY).also { counted = it }
        val bar = ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal).apply {
            progressTintList = ColorStateList.valueOf(context.colour(R.color.main))
            minimumHeight = context.dp(12)
        }.silent().also { progress = it }
        val hints = context.column(GAP_DP).live().also { told = it }
        saying = emptyList()
        heard = listOf(bar, count, hints)
        val name = context.text(context.words(R.string.pin_accuracy), Type.STRONG)
        val place = context.text("", Type.NOTE).also { where = it }
        val why = Field(
            context, context.words(R.string.pin_reason),
            InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES or InputType.TYPE_TEXT_FLAG_MULTI_LINE,
            lines = 2, hint = context.words(R.string.pin_reason_hint),
        ).also { reason = it }
        why.words = args.getString(REASON).orEmpty()
        why.onChange { drawTake() }
        why.view.showIf(false)
        val broken = context.column(GAP_DP).also { trouble = it }
        val hand = context.button(context.words(R.string.pin_by_hand), Tone.PLAIN, R.drawable.ic_map) { byHand() }
        return context.scroll(
            context.column(
                EDGE_DP, context.text(context.words(R.string.pin_how)), broken, context.column(0, name, large), bar, count, hints, place, why.view, hand,
            ).padded(),
        ).awake()
    }

    override fun foot(context: Context): View {
        val save = context.button(context.words(R.string.pin_take), Tone.MAIN, R.drawable.ic_pin) { take() }.also { take = it }
        val on = context.button(context.words(R.string.go_on)) { goOn(visit) }.also { next = it }
        on.showIf(false)
        save.allow(false)
        return context.column(GAP_DP, save, on)
    }

    override fun onShown() {
        ask({ it.beginPin(visit) }) { show(it) }
        listen()
    }

    override fun onHidden() {
        positions?.close()
        positions = null
    }

    override fun save() {
        args.putString(REASON, reason?.words)
    }

    /** What has been heard so far. */
    fun show(view: PinView) {
        now = view
        val large = figure ?: return
        val context = large.context
        large.text = view.accuracyCm?.let { context.accuracy(it) } ?: context.words(R.string.pin_none)
        val last = view.lastAccuracyCm?.let { context.words(R.string.pin_last, context.accuracy(it)) }.orEmpty()
        counted?.text = context.words(R.string.pin_fixes, view.fixes.toInt(), view.wanted.toInt()) + last
        progress?.max = view.wanted.toInt()
        progress?.progress = view.fixes.toInt()
        val lat = view.latE7
        val lon = view.lonE7
        where?.say(if (lat != null && lon != null) context.words(R.string.pin_place, coordinates(lat, lon)) else null)
        reason?.view?.showIf(view.needsReason)
        val lines = ArrayList<kotlin.Pair<Mood, String>>()
        lines.add(mood(view.hint) to context.words(view.hint))
        if (view.mock && view.hint != PinHint.MOCKED) lines.add(Mood.BAD to context.words(R.string.pin_mocked))
        view.fromLastM?.let { lines.add(Mood.NOTE to context.words(R.string.pin_from_last, context.metres(it))) }
        view.set?.let { lines.add(Mood.GOOD to context.words(R.string.pin_set, context.accuracy(it.accuracyCm), context.pinSource(it.source))) }
        tell(lines)
        next?.showIf(view.set != null)
        drawTake()
    }

    /** Hints are read out, so they are made anew only when they say something else. */
    private fun tell(lines: List<kotlin.Pair<Mood, String>>) {
        val words = lines.map { it.second }
        if (words == saying) return
        saying = words
        told?.apply {
            removeAllViews()
            for ((mood, line) in lines) addView(context.box(mood, line), wide())
        }
    }

    /** There is no position: why, and the way out. */
    fun show(why: Positions.Unavailable) {
        val column = trouble ?: return
        val context = column.context
        val (words, todo) = when (why) {
            Positions.Unavailable.NO_PERMISSION -> R.string.place_no_permission_pin to R.string.allow
            Positions.Unavailable.SWITCHED_OFF -> R.string.place_off to R.string.to_settings
            Positions.Unavailable.NO_RECEIVER -> R.string.place_no_receiver to null
        }
        column.removeAllViews()
        hear(false)
        column.addView(context.box(Mood.BAD, context.words(words)).live(), wide())
        if (todo != null) column.addView(context.button(context.words(todo), Tone.MAIN) { mend(why) }, wide())
    }

    /** While there is trouble, nothing else says what to do: "hold still" helps nobody whose location is off. */
    private fun hear(heardSomething: Boolean) {
        for (view in heard) view.showIf(heardSomething)
    }

    private fun mend(why: Positions.Unavailable) {
        val activity = stage.activity
        when (why) {
            Positions.Unavailable.NO_PERMISSION -> askForPlace(activity) { granted, forGood ->
                whenInFront { if (granted) listen() else if (forGood) activity.startActivity(activity.appSettings()) }
            }
            Positions.Unavailable.SWITCHED_OFF -> activity.startActivity(activity.locationSettings())
            Positions.Unavailable.NO_RECEIVER -> Unit
        }
    }

    private fun listen() {
        val heard = positions ?: stage.app.newPositions().also { positions = it }
        heard.watch(Positions.Pace.PIN, object : Positions.Watcher {
            override fun fix(fix: Fix) {
                trouble?.removeAllViews()
                hear(true)
                ask({ it.onFix(visit, fix) }) { show(it) }
            }
            override fun heading(degrees: Float) = Unit
            override fun rough() {
                val column = trouble ?: return
                val context = column.context
                column.removeAllViews()
                hear(false)
                column.addView(context.box(Mood.WARN, context.words(R.string.place_rough)), wide())
                val settings = context.button(context.words(R.string.to_settings)) {
                    stage.activity.startActivity(stage.activity.appSettings())
                }
                column.addView(settings, wide())
            }
            override fun unavailable(why: Positions.Unavailable) = show(why)
        })
    }

    private fun drawTake() {
        val view = now ?: return
        take?.allow(view.canTake && (!view.needsReason || !reason?.words.isNullOrBlank()))
    }

    private fun take() {
        val why = reason?.words?.trim()?.takeIf { now?.needsReason == true && it.isNotEmpty() }
        act({ it.takePin(visit, why) }) { goOn(visit) { show(it) } }
    }

    private fun byHand() = stage.open(ScreenName.PLACE_PIN.of(visit, isTraining))

    private companion object {
        const val REASON = "reason"
    }
}

/** How a pin came to be, in words. */
internal fun Context.pinSource(source: String): String = words(
    when (source) {
        "hand" -> R.string.pin_source_hand
        "external" -> R.string.pin_source_external
        else -> R.string.pin_source_gnss
    },
)

/** The pin by hand: the map is moved until the house lies under the cross; then comes why. */
class PlacePinScreen(args: Bundle) : Screen(ScreenName.PLACE_PIN, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var map: MapCanvas? = null
    private var above: View? = null
    private var below: LinearLayout? = null
    private var why: View? = null
    private var reason: Field? = null
    private var use: Button? = null
    private var nearer: TextView? = null
    private var positions: Positions? = null
    private var chosen: Place? = null

    override fun title(context: Context): CharSequence = context.words(R.string.pin_by_hand)

    override fun body(context: Context): View {
        chosen = null
        val canvas = MapCanvas(context, null, visit, { positions?.last() }, ::draw) {}
        canvas.hasCross = true
        map = canvas
        val all = context.column(0, context.text(context.words(R.string.pin_by_hand_how), Type.NOTE).padded(EDGE_DP, 8))
        all.addView(mapWithKeys(context, canvas) { say(context.words(R.string.map_no_here), Mood.NOTE) }, restHigh())
        above = all
        val asked = Field(
            context, context.words(R.string.pin_reason), InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES,
            lines = 2, hint = context.words(R.string.pin_by_hand_hint),
        ).also { reason = it }
        asked.words = args.getString(REASON).orEmpty()
        asked.onChange { drawUse() }
        val second = context.scroll(asked.view.padded())
        second.showIf(false)
        why = second
        return FrameLayout(context).apply {
            addView(all)
            addView(second)
        }
    }

    override fun foot(context: Context): View = context.column(0).also {
        below = it
        drawFoot()
    }

    override fun onShown() {
        val heard = stage.app.newPositions()
        positions = heard
        // Only to show where the officer stands; the point itself is chosen by hand.
        heard.watch(Positions.Pace.WALKING, FixWatcher { map?.anew() })
        map?.anew()
    }

    override fun onHidden() {
        positions?.close()
        positions = null
    }

    override fun onBack(): Boolean {
        if (chosen == null) return false
        choose(null)
        return true
    }

    override fun save() {
        args.putString(REASON, reason?.words)
    }

    /** The map as the core drew it. */
    fun show(view: MapView) {
        map?.show(view)
        drawUse()
    }

    private fun draw(query: MapQuery) = ask({ it.map(query) }) { show(it) }

    private fun choose(place: Place?) {
        chosen = place
        above?.showIf(place == null)
        why?.showIf(place != null)
        drawFoot()
    }

    private fun drawFoot() {
        val foot = below ?: return
        val context = foot.context
        val button = if (chosen == null) {
            context.button(context.words(R.string.pin_use), Tone.MAIN, R.drawable.ic_pin) { choose(map?.centre) }
        } else {
            context.button(context.words(R.string.pin_take), Tone.MAIN, R.drawable.ic_check) { place() }
        }
        use = button
        foot.removeAllViews()
        val first = context.text("", Type.STRONG).live().apply { setPadding(0, 0, 0, context.dp(GAP_DP)) }
        nearer = first
        foot.addView(first, wide())
        foot.addView(button, wide())
        drawUse()
    }

    /** A point that nobody aimed at, or on a map too coarse to aim, would look like evidence and be none. */
    private fun drawUse() {
        val canvas = map
        val isMoved = canvas?.isMoved == true
        val isFine = canvas?.isFine(FINE_M) == true
        use?.allow(if (chosen == null) canvas?.centre != null && isMoved && isFine else !reason?.words.isNullOrBlank())
        val line = nearer ?: return
        val todo = if (!isFine) R.string.pin_nearer_first else if (!isMoved) R.string.pin_move_first else null
        val judged = (chosen ?: canvas?.centre)?.accuracyCm
        val words = when {
            chosen == null && todo != null -> line.context.words(todo)
            judged != null -> line.context.words(R.string.pin_by_hand_accuracy, line.context.accuracy(judged))
            else -> ""
        }
        // Said anew only when it says something else: it is read out.
        if (line.text.toString() != words) line.text = words
        // It keeps its room, so that the map does not move under the finger.
        line.visibility = if (canvas?.centre != null) View.VISIBLE else View.INVISIBLE
    }

    private fun place() {
        val here = chosen ?: return
        val words = reason?.words.orEmpty().trim()
        act({ it.placePin(visit, here, words) }) { goOn(visit) }
    }

    private companion object {
        const val REASON = "reason"

        /** What half of the cross may cover. */
        const val FINE_M = 10
    }
}
