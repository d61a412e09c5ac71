package id.tilik.app.screens

import android.content.Context
import android.view.View
import android.view.ViewGroup
import android.widget.BaseAdapter
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.TextView
import id.tilik.app.R
import uniffi.tilik_mobile_core.TodayOrder
import uniffi.tilik_mobile_core.TodayPage
import uniffi.tilik_mobile_core.TodayRow

/** The rows of today's list: pages are fetched as they come near, so that two thousand cases cost as much as fifty. */
internal class TodayRows(
    private val context: Context,
    private val open: (TodayRow) -> Unit,
    private val fetch: (from: Int) -> Unit,
) : BaseAdapter() {
    private val pages = HashMap<Int, List<TodayRow>>()
    private val wanted = HashSet<Int>()
    private var total = 0
    private var order = TodayOrder.NEIGHBOURHOOD

    /** A page has come. The first one means that all others may be others now. */
    fun show(page: TodayPage, from: Int) {
        if (from == 0) {
            pages.clear()
            wanted.clear()
        }
        wanted.remove(from / PAGE)
        pages[from / PAGE] = page.rows
        total = page.total.toInt()
        order = page.order
        notifyDataSetChanged()
    }

    override fun getCount(): Int = total

    override fun getItem(position: Int): TodayRow? = pages[position / PAGE]?.getOrNull(position % PAGE)

    override fun getItemId(position: Int): Long = position.toLong()

    override fun getView(position: Int, convertView: View?, parent: ViewGroup?): View {
        val view = convertView as? RowView ?: RowView(context)
        val row = getItem(position)
        if (row == null) need(position / PAGE) else if (position % PAGE > PAGE / 2) need(position / PAGE + 1)
        view.show(row, order, open)
        return view
    }

    private fun need(page: Int) {
        if (page * PAGE >= total || page in pages || !wanted.add(page)) return
        fetch(page * PAGE)
    }

    internal companion object {
        /** Rows in a page. */
        const val PAGE = 50
    }
}

/** One case in the list. */
internal class RowView(context: Context) : LinearLayout(context) {
    private val heading = context.text("", Type.HEADING).apply { setPadding(0, context.dp(12), 0, context.dp(4)) }
    private val training = context.trainingChip()
    private val name = context.text("", Type.NAME)
    private val address = context.text("", Type.NOTE)
    private val way = context.text("", Type.STRONG)
    private val mark = context.text("", Type.NOTE)
    private val sign = ImageView(context).silent()
    private val chip = context.row(6, sign).apply { addView(mark, rest()) }
    private val closes = context.text("", Type.NOTE)
    private val card = context.column(4, name, address, way, chip, closes).padded(14, 12)

    init {
        orientation = VERTICAL
        setPadding(context.dp(EDGE_DP), 0, context.dp(EDGE_DP), 0)
        card.addView(training, 0, LinearLayout.LayoutParams(ViewGroup.LayoutParams.WRAP_CONTENT, ViewGroup.LayoutParams.WRAP_CONTENT))
        addView(heading, wide())
        addView(card, wide())
    }

    /** Shows a row; null while its page is on the way. */
    fun show(row: TodayRow?, order: TodayOrder, open: (TodayRow) -> Unit) {
        heading.say(row?.heading?.let { context.words(R.string.row_heading, it.rt, it.rw, it.village, it.count.toInt()) })
        name.text = row?.name ?: context.words(R.string.please_wait)
        address.say(row?.let { context.words(R.string.row_address, it.address, it.rt, it.rw, it.village) })
        training.showIf(row?.training == true)
        way.say(row?.let { far(it, order) })
        chip.showIf(row != null)
        closes.say(row?.closesInDays?.let { context.closesIn(it) })
        if (row == null) {
            card.background = context.shape(R.color.card)
            card.setOnClickListener(null)
            card.isClickable = false
            return
        }
        val mood = mood(row.mark)
        sign.setImageDrawable(context.sign(sign(row.mark), mood.words))
        mark.text = context.words(R.string.row_mark, context.words(row.mark), context.words(row.kind))
        mark.setTextColor(context.colour(mood.words))
        chip.background = context.shape(mood.ground, radius = 8)
        chip.padded(8, 4)
        card.touchable(context.shape(R.color.card)) { open(row) }
        card.padded(14, 12)
        card.asButton()
    }

    private fun far(row: TodayRow, order: TodayOrder): String? {
        // Sorted by distance, a row without one stands at the end for a reason.
        val m = row.distanceM ?: return if (order == TodayOrder.DISTANCE) context.words(R.string.row_no_distance) else null
        val bearing = row.bearingDeg ?: return context.metres(m)
        return context.words(R.string.row_way, context.metres(m), context.direction(bearing.toInt()))
    }
}

/** "Ditutup 3 hari lagi". */
internal fun Context.closesIn(days: Int): String = when {
    days < 0 -> words(R.string.closed_already)
    days == 0 -> words(R.string.closes_today)
    days == 1 -> words(R.string.closes_tomorrow)
    else -> words(R.string.closes_in_days, days)
}

/** Says on a row that it is practice. */
internal fun Context.trainingChip(): TextView = text(words(R.string.training_short), Type.NOTE, R.color.on_training).apply {
    setBackgroundColor(colour(R.color.training))
    padded(8, 2)
}
