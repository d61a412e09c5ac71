package id.tilik.app.phone

import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Typeface
import android.graphics.pdf.PdfDocument
import java.io.OutputStream
import uniffi.tilik_mobile_core.MonthReport

/** The words of a report; they come from the screens' resources. */
class ReportWords(
    /** Such as "Laporan bulan November 2026". */
    val title: String,
    /** What stands before the officer's name. */
    val officer: String,
    /** Heads of the columns: day, visits, quick, full, unreachable, findings. */
    val columns: List<String>,
    /** What is summed up below the table: word and number. */
    val sums: List<Pair<String, String>>,
    /** The foot of a page, with `%1$d` and `%2$d`: page and pages. */
    val foot: String,
)

/** A month's report on A4, to be printed and signed. Counts only: no name but the officer's. */
internal class ReportPdf(private val report: MonthReport, private val words: ReportWords) {
    private val plain = Paint(Paint.ANTI_ALIAS_FLAG).apply { textSize = TEXT }
    private val bold = Paint(plain).apply { typeface = Typeface.DEFAULT_BOLD }
    private val head = Paint(bold).apply { textSize = 18f }
    private val rule = Paint().apply { strokeWidth = 0.5f }
    private val rows = report.days.map { day ->
        listOf(day.day, day.visits, day.quick, day.full, day.unreachable, day.findings).map { it.toString() }
    }

    /** How many pages it takes. */
    val pages: Int = 1 + (rows.size + SUMS_ROWS - FIRST_ROWS).coerceAtLeast(0).let { (it + MORE_ROWS - 1) / MORE_ROWS }

    /** Writes the PDF. */
    fun writeTo(out: OutputStream) {
        val document = PdfDocument()
        try {
            var from = 0
            for (number in 1..pages) {
                val page = document.startPage(PdfDocument.PageInfo.Builder(WIDTH, HEIGHT, number).create())
                val room = if (number == 1) FIRST_ROWS else MORE_ROWS
                val until = minOf(from + room, rows.size)
                var y = if (number == 1) drawHead(page.canvas) else MARGIN
                y = drawTable(page.canvas, y, rows.subList(from, until))
                from = until
                if (number == pages) drawSums(page.canvas, y)
                drawFoot(page.canvas, number)
                document.finishPage(page)
            }
            document.writeTo(out)
        } finally {
            document.close()
        }
    }

    private fun drawHead(canvas: Canvas): Float {
        canvas.drawText(words.title, MARGIN, MARGIN + 18, head)
        canvas.drawText(fitted("${words.officer}: ${report.officer}", plain, WIDTH - 2 * MARGIN), MARGIN, MARGIN + 42, plain)
        return MARGIN + HEAD
    }

    private fun drawTable(canvas: Canvas, top: Float, rows: List<List<String>>): Float {
        if (rows.isEmpty()) return top
        var y = top + ROW
        drawRow(canvas, y, words.columns, bold)
        canvas.drawLine(MARGIN, y + 5, WIDTH - MARGIN, y + 5, rule)
        for (row in rows) {
            y += ROW
            drawRow(canvas, y, row, plain)
        }
        return y + ROW
    }

    /** The first column stands left, numbers stand right, one below the other. */
    private fun drawRow(canvas: Canvas, y: Float, cells: List<String>, paint: Paint) {
        val width = (WIDTH - 2 * MARGIN) / COLUMNS
        cells.take(COLUMNS).forEachIndexed { column, cell ->
            val text = fitted(cell, paint, width - GAP)
            val left = MARGIN + column * width
            canvas.drawText(text, if (column == 0) left else left + width - paint.measureText(text), y, paint)
        }
    }

    private fun drawSums(canvas: Canvas, top: Float) {
        var y = top + ROW
        for ((word, number) in words.sums.take(SUMS_ROWS - 2)) {
            canvas.drawText(fitted(word, plain, WIDTH / 2 - MARGIN - GAP), MARGIN, y, plain)
            canvas.drawText(number, WIDTH / 2f, y, bold)
            y += ROW
        }
    }

    private fun drawFoot(canvas: Canvas, number: Int) {
        val text = String.format(words.foot, number, pages)
        canvas.drawText(text, WIDTH - MARGIN - plain.measureText(text), HEIGHT - MARGIN / 2, plain)
    }

    /** Cut to the width, with an ellipsis. */
    private fun fitted(text: String, paint: Paint, width: Float): String {
        if (paint.measureText(text) <= width) return text
        val count = paint.breakText(text, true, width - paint.measureText("…"), null)
        return text.take(count).trimEnd() + "…"
    }

    private companion object {
        /** A4 in points. */
        const val WIDTH = 595
        const val HEIGHT = 842
        const val MARGIN = 48f
        const val HEAD = 60f
        const val TEXT = 11f
        const val ROW = 18f
        const val GAP = 6f
        const val COLUMNS = 6
        const val SUMS_ROWS = 10
        const val FIRST_ROWS = 34
        const val MORE_ROWS = 38
    }
}
