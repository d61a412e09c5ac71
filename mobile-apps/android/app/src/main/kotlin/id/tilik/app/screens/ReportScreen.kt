package id.tilik.app.screens

import android.content.Context
import android.net.Uri
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import id.tilik.app.R
import id.tilik.app.phone.FileProblem
import id.tilik.app.phone.ReportWords
import java.util.Calendar
import uniffi.tilik_mobile_core.MonthReport
import uniffi.tilik_mobile_core.ReportDay

/** My month: what I did, day by day, without the name of any family. To show, to share, to print. */
class ReportScreen(args: Bundle = Bundle()) : Screen(ScreenName.REPORT, args) {
    private var column: LinearLayout? = null
    private var save: Button? = null
    private var report: MonthReport? = null
    private val today = Calendar.getInstance()
    private var year = args.getInt(YEAR, today.get(Calendar.YEAR))
    private var month = args.getInt(MONTH, today.get(Calendar.MONTH) + 1)

    override fun title(context: Context): CharSequence = context.words(R.string.report_title)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it })

    override fun foot(context: Context): View =
        context.button(context.words(R.string.report_pdf), Tone.MAIN, R.drawable.ic_draft) { write() }.also {
            it.allow(false)
            save = it
        }

    override fun onShown() = load()

    override fun save() {
        args.putInt(YEAR, year)
        args.putInt(MONTH, month)
    }

    /** The month. */
    fun show(view: MonthReport) {
        report = view
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        val before = context.button(context.words(R.string.report_before)) { move(-1) }
        val after = context.button(context.words(R.string.report_after)) { move(1) }
        after.allow(view.year < today.get(Calendar.YEAR) || view.month.toInt() <= today.get(Calendar.MONTH))
        all.addView(context.text(monthName(view.year, view.month.toInt()), Type.TITLE), wide())
        all.addView(context.pair(before, after), wide())
        all.addView(context.text(context.words(R.string.report_officer, view.officer)), wide())
        val card = context.column(GAP_DP)
        for ((name, n) in sums(context, view)) card.addView(context.figureLine(name, n), wide())
        all.addView(card.apply { background = context.shape(R.color.card) }.padded(14, 12), wide())
        all.addView(context.text(context.words(R.string.report_days), Type.HEADING), wide())
        if (view.days.isEmpty()) all.addView(context.text(context.words(R.string.report_no_days)), wide())
        for (day in view.days) all.addView(context.figureLine(context.words(R.string.report_day, day.day.toInt()), said(context, day)), wide())
        all.addView(context.button(context.words(R.string.report_share_pdf)) { sharePdf() }, wide())
        all.addView(context.button(context.words(R.string.report_share_text)) { shareText() }, wide())
        save?.allow(true)
    }

    private fun said(context: Context, day: ReportDay): String = listOf(
        day.quick to R.string.report_quick, day.full to R.string.report_full,
        day.unreachable to R.string.report_unreachable, day.findings to R.string.report_findings,
    ).filter { it.first > 0u }.joinToString("\n") { context.words(it.second, it.first.toInt()) }

    private fun sums(context: Context, view: MonthReport): List<kotlin.Pair<String, String>> = listOf(
        R.string.sum_visits to view.visits, R.string.sum_photos to view.photos, R.string.sum_safe to view.safe,
        R.string.sum_findings to view.findings, R.string.sum_unreachable to view.unreachable, R.string.sum_returned to view.returned,
    ).map { (words, n) -> context.words(words) to n.toString() }

    private fun words(context: Context, view: MonthReport) = ReportWords(
        title = context.words(R.string.report_paper_title, monthName(view.year, view.month.toInt())),
        officer = context.words(R.string.report_paper_officer),
        columns = listOf(
            R.string.column_day, R.string.column_visits, R.string.column_quick, R.string.column_full,
            R.string.column_unreachable, R.string.column_findings,
        ).map { context.words(it) },
        sums = sums(context, view),
        foot = context.resources.getText(R.string.report_paper_foot).toString(),
    )

    private fun load() = ask({ it.monthReport(year, month.toUInt()) }) { show(it) }

    private fun move(by: Int) {
        val at = year * 12 + month - 1 + by
        year = at / 12
        month = at % 12 + 1
        load()
    }

    private fun write() {
        val view = report ?: return
        pick(PDF, stage.app.files.createReport(view))
    }

    // The month is the one that was shown, also on a screen that was made anew.
    override fun chosen(purpose: String, uri: Uri) = ask({ it.monthReport(year, month.toUInt()) }) { view ->
        val paper = words(stage.activity, view)
        val written = { say(stage.activity.words(R.string.report_written), Mood.GOOD) }
        stage.app.files.writeReport(ticket(), view, paper, uri, written, ::wrong)
    }

    private fun sharePdf() {
        val view = report ?: return
        val activity = stage.activity
        stage.app.files.shareReport(ticket(), view, words(activity, view), { activity.startActivity(it) }, ::wrong)
    }

    private fun shareText() {
        val view = report ?: return
        val activity = stage.activity
        val title = activity.words(R.string.report_paper_title, monthName(view.year, view.month.toInt()))
        activity.startActivity(stage.app.files.shareText(view.text, title))
    }

    private fun wrong(problem: FileProblem) = say(stage.activity.words(problem))

    private companion object {
        const val PDF = "pdf"
        const val YEAR = "year"
        const val MONTH = "month"
    }
}
