package id.tilik.app.screens

import android.Manifest
import android.content.Context
import android.os.Bundle
import android.os.SystemClock
import android.text.InputType
import android.view.View
import android.view.inputmethod.InputMethodManager
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ListView
import android.widget.TextView
import id.tilik.app.R
import id.tilik.app.phone.Positions
import id.tilik.app.phone.SecureActivity
import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.LooseDraft
import uniffi.tilik_mobile_core.Notice
import uniffi.tilik_mobile_core.TodayOrder
import uniffi.tilik_mobile_core.TodayPage
import uniffi.tilik_mobile_core.TodayQuery
import uniffi.tilik_mobile_core.TodayRow
import uniffi.tilik_protocol.VisitKind

/** Whom to visit, and in which order: notices and counts on top, then one row a case, in pages. */
class TodayScreen(args: Bundle = Bundle()) : Screen(ScreenName.TODAY, args) {
    private var order = TodayOrder.values().find { it.name == args.getString(ORDER) } ?: TodayOrder.DISTANCE
    private var search: Field? = null
    private var list: ListView? = null
    private var notices: LinearLayout? = null
    private var begun: LinearLayout? = null
    private var counts: TextView? = null
    private var switch: LinearLayout? = null
    private var where: LinearLayout? = null
    private var noPlace: View? = null
    private var rows: TodayRows? = null
    private var positions: Positions? = null
    private var sortedAtMs = 0L
    private var scrollTo = args.getInt(SCROLLED)

    override val hasBack = false

    override fun title(context: Context): CharSequence = context.words(R.string.today_title)

    override fun tools(context: Context): List<View> = listOf(
        context.signButton(R.drawable.ic_search, context.words(R.string.today_search)) { toggleSearch() },
        context.signButton(R.drawable.ic_outbox, context.words(R.string.outbox_title)) { stage.open(OutboxScreen()) },
        context.signButton(R.drawable.ic_settings, context.words(R.string.settings_title)) { stage.open(SettingsScreen()) },
    )

    override fun body(context: Context): View {
        val sought = Field(context, context.words(R.string.today_search), InputType.TYPE_CLASS_TEXT)
        sought.words = args.getString(SEARCH).orEmpty()
        sought.view.padded(EDGE_DP, 8)
        sought.view.showIf(sought.words.isNotEmpty())
        sought.onChange { load() }
        search = sought
        val told = context.column().also { notices = it }
        val unfinished = context.column().also { begun = it }
        unfinished.showIf(false)
        val counted = context.text("", Type.STRONG).live().also { counts = it }
        val place = context.column().also { where = it }
        place.showIf(false)
        val orders = context.column(0).also { switch = it }
        val head = context.column(12, told, unfinished, counted, orders, place).padded(EDGE_DP, 8)
        val drawn = TodayRows(context, ::open) { from -> page(from) }
        rows = drawn
        drawOrder(context, order)
        val view = ListView(context).apply {
            divider = null
            dividerHeight = context.dp(GAP_DP)
            clipToPadding = false
            isVerticalScrollBarEnabled = true
            addHeaderView(head, null, false)
            adapter = drawn
        }
        list = view
        return context.column(0, sought.view).apply { addView(view, restHigh()) }
    }

    override fun foot(context: Context): View {
        // Large words leave no room for signs beside them, and one row of buttons leaves more for the list.
        fun sign(id: Int) = if (context.isLarge) null else id
        return context.pair(
            context.button(context.words(R.string.map_title), Tone.PLAIN, sign(R.drawable.ic_map)) { stage.open(MapScreen()) },
            context.button(context.words(R.string.finding_new), Tone.PLAIN, sign(R.drawable.ic_add)) { stage.open(FindingScreen()) },
        )
    }

    override fun onShown() {
        val heard = stage.app.newPositions()
        positions = heard
        watch(heard)
        load()
    }

    override fun onHidden() {
        positions?.close()
        positions = null
    }

    override fun onChanged() = load()

    override fun save() {
        args.putString(ORDER, order.name)
        args.putString(SEARCH, search?.words)
        list?.let { if (scrollTo == 0) args.putInt(SCROLLED, it.firstVisiblePosition) }
        scrollTo = args.getInt(SCROLLED)
    }

    override fun onBack(): Boolean {
        val isSearching = search?.view?.visibility == View.VISIBLE
        if (isSearching) toggleSearch()
        return isSearching
    }

    /** What the officer should know before anything else. */
    fun show(notes: List<Notice>) {
        val column = notices ?: return
        val context = column.context
        column.removeAllViews()
        for (note in notes) {
            val to = target(note)
            column.addView(context.box(mood(note), context.words(note), to?.let { { stage.open(it()) } }), wide())
        }
        column.showIf(notes.isNotEmpty())
    }

    /** One page of the list; the first tells the counts and the order too. */
    fun show(page: TodayPage, from: Int) {
        val view = counts ?: return
        val context = view.context
        val c = page.counts
        val parts = listOf(
            c.returned to R.string.count_returned, c.drafts to R.string.count_drafts, c.toVisit to R.string.count_to_visit,
            c.waiting to R.string.count_waiting, c.done to R.string.count_done,
        )
        val said = parts.filter { it.first > 0u }.joinToString(" · ") { context.words(it.second, it.first.toInt()) }
        val isSearching = !search?.words.isNullOrBlank()
        view.say(if (page.total == 0u && isSearching) context.words(R.string.today_not_found) else said.ifEmpty { context.words(R.string.today_empty) })
        drawOrder(context, page.order)
        if (from == 0) showBegun(page.loose)
        rows?.show(page, from)
        if (scrollTo > 0) list?.setSelection(scrollTo)
        scrollTo = 0
    }

    /** Begun visits that no row leads to: each goes on where it stands. */
    private fun showBegun(loose: List<LooseDraft>) {
        val column = begun ?: return
        val context = column.context
        column.removeAllViews()
        for (draft in loose) column.addView(context.box(Mood.WARN, context.words(draft)) { goOn(draft.visit, inPlace = false) }, wide())
        column.showIf(loose.isNotEmpty())
    }

    private fun load() {
        ask({ it.notices() }) { show(it) }
        page(0)
    }

    private fun page(from: Int) {
        val query = TodayQuery(search?.words.orEmpty().trim(), order, positions?.last(), from.toUInt(), TodayRows.PAGE.toUInt())
        ask({ it.today(query) }) { if (query.search == search?.words.orEmpty().trim()) show(it, from) }
    }

    private fun drawOrder(context: Context, used: TodayOrder) {
        val column = switch ?: return
        column.removeAllViews()
        fun choice(wanted: TodayOrder) = context.button(context.words(wanted), if (wanted == used) Tone.MAIN else Tone.PLAIN) {
            order = wanted
            load()
        }.apply {
            isSelected = wanted == used
            if (wanted == used) setCompoundDrawablesRelativeWithIntrinsicBounds(context.sign(R.drawable.ic_check, R.color.on_main), null, null, null)
        }
        column.addView(context.pair(choice(TodayOrder.DISTANCE), choice(TodayOrder.NEIGHBOURHOOD)), wide())
        noPlace = null
        if (used == order) return
        val said = context.text(context.words(R.string.today_no_place), Type.NOTE).padded(0, 4)
        noPlace = said
        column.addView(said, wide())
        drawNoPlace()
    }

    /** Why there is no place, when known, says as much. */
    private fun drawNoPlace() {
        noPlace?.showIf(where?.visibility != View.VISIBLE)
    }

    private fun watch(heard: Positions) {
        heard.watch(Positions.Pace.WALKING, object : Positions.Watcher {
            override fun fix(fix: Fix) {
                where?.showIf(false)
                drawNoPlace()
                resort()
            }
            override fun heading(degrees: Float) = Unit
            override fun headingUnknown() = Unit
            override fun rough() = explain(R.string.place_rough, R.string.to_settings) { stage.activity.startActivity(stage.activity.appSettings()) }
            override fun unavailable(why: Positions.Unavailable) = without(why)
        })
    }

    /** Sorts anew when the officer has walked, but never under a finger that scrolls. */
    private fun resort() {
        val now = SystemClock.elapsedRealtime()
        val atTop = (list?.firstVisiblePosition ?: 0) == 0
        if (sortedAtMs == 0L || (atTop && now - sortedAtMs > RESORT_MS)) {
            sortedAtMs = now
            page(0)
        }
    }

    private fun without(why: Positions.Unavailable) {
        val activity = stage.activity
        when (why) {
            Positions.Unavailable.NO_PERMISSION -> explain(R.string.place_no_permission_list, R.string.allow) { askPlace() }
            Positions.Unavailable.SWITCHED_OFF -> explain(R.string.place_off, R.string.to_settings) {
                activity.startActivity(activity.locationSettings())
            }
            Positions.Unavailable.NO_RECEIVER -> explain(R.string.place_no_receiver, null) {}
        }
    }

    private fun explain(words: Int, todo: Int?, act: () -> Unit) {
        val column = where ?: return
        val context = column.context
        column.removeAllViews()
        column.showIf(true)
        drawNoPlace()
        column.addView(context.box(Mood.WARN, context.words(words)), wide())
        if (todo != null) column.addView(context.button(context.words(todo), act = act), wide())
    }

    private fun askPlace() = askForPlace(stage.activity) { granted, forGood ->
        whenInFront {
            if (granted) positions?.let { watch(it) } else if (forGood) stage.activity.startActivity(stage.activity.appSettings())
        }
    }

    private fun toggleSearch() {
        val field = search ?: return
        val isOpening = field.view.visibility != View.VISIBLE
        field.view.showIf(isOpening)
        if (isOpening) {
            field.edit.requestFocus()
            keyboard(field.edit, true)
        } else {
            keyboard(field.edit, false)
            field.words = ""
        }
    }

    private fun open(row: TodayRow) = stage.open(CaseScreen.of(row.case, row.training))

    /** Where a notice leads. */
    private fun target(note: Notice): (() -> Screen)? = when (note) {
        is Notice.UpdateOffered, is Notice.UpdateNeeded -> ({ UpdateScreen() })
        is Notice.PasswordNeeded -> ({ PasswordScreen.opened() })
        is Notice.SignInAgain -> ({ SignInScreen.opened() })
        is Notice.SpaceLow, is Notice.SpaceFull -> ({ StorageScreen() })
        is Notice.NeedsAttention -> ({ OutboxScreen() })
        is Notice.DeviceRevoked -> ({ EnrolScreen.opened() })
        is Notice.KeyLost -> ({ OutboxScreen() })
        is Notice.ClockOff, is Notice.Returned, is Notice.ClosingSoon, is Notice.UnreadableRows -> null
    }

    private companion object {
        const val ORDER = "order"
        const val SEARCH = "search"
        const val SCROLLED = "scrolled"
        const val RESORT_MS = 60_000L
    }
}

/** What was begun, where and when. */
private fun Context.words(draft: LooseDraft): String {
    val isFinding = draft.kind == VisitKind.FINDING
    val where = listOfNotNull(draft.name, draft.village).joinToString(", ")
    return words(if (isFinding) R.string.today_loose_finding else R.string.today_loose_visit, where, dateTime(draft.arrivedAt))
}

/** Asks for the exact position. */
internal fun askForPlace(activity: SecureActivity, done: (granted: Boolean, forGood: Boolean) -> Unit) = activity.askPermission(
    listOf(Manifest.permission.ACCESS_FINE_LOCATION, Manifest.permission.ACCESS_COARSE_LOCATION), done,
)

/** Shows the keyboard for a field, or takes it away. */
internal fun keyboard(edit: EditText, shown: Boolean) {
    val input = edit.context.getSystemService(InputMethodManager::class.java) ?: return
    if (shown) input.showSoftInput(edit, 0) else input.hideSoftInputFromWindow(edit.windowToken, 0)
}
