package id.tilik.app.screens

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Path
import android.graphics.Typeface
import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import id.tilik.app.R
import uniffi.tilik_mobile_core.Way

/** How far the house is and where: an arrow when the phone has a compass, and words in any case. */
internal class WayView(context: Context) : LinearLayout(context) {
    private val arrow = Arrow(context).silent()
    private val far = context.text("", Type.FIGURE)
    private val where = context.text("", Type.BODY)
    private var bearing = 0f
    private var heading: Float? = null

    init {
        orientation = HORIZONTAL
        gravity = Gravity.CENTER_VERTICAL
        background = context.shape(R.color.main_soft)
        padded(14, 12)
        addView(arrow, LayoutParams(context.dp(64), context.dp(64)).apply { marginEnd = context.dp(14) })
        addView(context.column(0, far, where), rest())
        for (view in listOf(far, where)) view.setTextColor(context.colour(R.color.on_main_soft))
    }

    /** The way to the house. */
    fun show(way: Way) {
        bearing = way.bearingDeg.toFloat()
        far.text = context.metres(way.distanceM)
        where.text = if (way.hereIsWithin) {
            context.words(R.string.way_within)
        } else {
            context.words(R.string.way_direction, context.direction(bearing.toInt()))
        }
        arrow.showIf(!way.hereIsWithin)
        turn(heading)
    }

    /** Where the top of the phone points, from true north; null: not known, the arrow then says where on a map. */
    fun turn(top: Float?) {
        heading = top
        arrow.degrees = bearing - (top ?: 0f)
        arrow.isNorth = top == null
    }
}

/** An arrow that turns; with north at the top it says so. */
private class Arrow(context: Context) : View(context) {
    var degrees = 0f
        set(value) {
            field = value
            invalidate()
        }
    var isNorth = true
        set(value) {
            field = value
            invalidate()
        }

    private val ink = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = context.colour(R.color.on_main_soft) }
    private val path = Path()

    override fun onDraw(canvas: Canvas) {
        val r = Math.min(width, height) / 2f
        ink.style = Paint.Style.STROKE
        ink.strokeWidth = context.dp(2).toFloat()
        canvas.drawCircle(width / 2f, height / 2f, r - ink.strokeWidth, ink)
        ink.style = Paint.Style.FILL
        if (isNorth) {
            ink.textSize = r * 0.36f
            ink.textAlign = Paint.Align.CENTER
            ink.typeface = Typeface.DEFAULT_BOLD
            canvas.drawText(context.words(R.string.north_letter), width / 2f, height / 2f - r * 0.58f, ink)
        }
        canvas.save()
        canvas.rotate(degrees, width / 2f, height / 2f)
        path.reset()
        path.moveTo(width / 2f, height / 2f - r * 0.62f)
        path.lineTo(width / 2f + r * 0.42f, height / 2f + r * 0.52f)
        path.lineTo(width / 2f, height / 2f + r * 0.26f)
        path.lineTo(width / 2f - r * 0.42f, height / 2f + r * 0.52f)
        path.close()
        canvas.drawPath(path, ink)
        canvas.restore()
    }
}
