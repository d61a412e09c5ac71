package id.tilik.app.screens

import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Rect
import android.graphics.RectF
import android.graphics.Typeface
import android.graphics.drawable.GradientDrawable
import android.os.SystemClock
import android.view.View
import android.widget.Button
import id.tilik.app.R
import id.tilik.app.phone.Camera
import uniffi.tilik_mobile_core.LevelHint

/** What lies over the camera's picture: where roof and floor belong, whether the phone is level, where it is sharp. */
internal class FinderView(context: Context) : View(context) {
    /** Whose picture it is. */
    var eye: Camera? = null

    private var lines: kotlin.Pair<Float, Float>? = null
    private var level: LevelHint? = null
    private var left: Bitmap? = null
    private var focusX = 0f
    private var focusY = 0f
    private var focusUntilMs = 0L
    private val ink = Paint(Paint.ANTI_ALIAS_FLAG)
    private val roof = context.words(R.string.roof_line)
    private val floor = context.words(R.string.floor_line)

    // The same words stand beside the picture in the person's own size; here they name lines and must not hide the house.
    private val size = Math.min(15f * resources.displayMetrics.scaledDensityOf(), context.dp(MOST_WORDS_DP).toFloat())

    init {
        importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** Roof and floor as shares of the photo's height; null: none are needed. */
    fun show(roofAndFloor: kotlin.Pair<Float, Float>?) {
        lines = roofAndFloor
        invalidate()
    }

    fun level(hint: LevelHint) {
        if (hint == level) return
        level = hint
        invalidate()
    }

    /** The left half of a narrow alley, or none. */
    fun guide(jpeg: ByteArray?) {
        left = jpeg?.let { BitmapFactory.decodeByteArray(it, 0, it.size) }
        invalidate()
    }

    fun focus(x: Float, y: Float) {
        focusX = x
        focusY = y
        focusUntilMs = SystemClock.uptimeMillis() + FOCUS_MS
        invalidate()
        postInvalidateDelayed(FOCUS_MS)
    }

    override fun onDraw(canvas: Canvas) {
        val known = eye?.picture()
        val frame = if (known == null || known.isEmpty) RectF(0f, 0f, width.toFloat(), height.toFloat()) else known
        drawGuide(canvas, frame)
        lines?.let { (top, bottom) ->
            drawLine(canvas, frame, frame.top + frame.height() * top, roof, above = true)
            drawLine(canvas, frame, frame.top + frame.height() * bottom, floor, above = false)
        }
        level?.let { drawLevel(canvas, frame, it) }
        if (SystemClock.uptimeMillis() < focusUntilMs) {
            stroke(Color.WHITE, 3)
            canvas.drawCircle(focusX, focusY, context.dp(32).toFloat(), ink)
        }
    }

    /** A line with its name, black and white, to be seen on any house. */
    private fun drawLine(canvas: Canvas, frame: RectF, y: Float, name: String, above: Boolean) {
        stroke(Color.BLACK, 5)
        canvas.drawLine(frame.left, y, frame.right, y, ink)
        stroke(YELLOW, 3)
        canvas.drawLine(frame.left, y, frame.right, y, ink)
        val below = y + size + context.dp(6)
        val words = if (above || below > frame.bottom) y - context.dp(8) else below
        label(canvas, name, frame.left + context.dp(12), words, Paint.Align.LEFT)
    }

    private fun label(canvas: Canvas, words: String, x: Float, y: Float, align: Paint.Align) {
        ink.textAlign = align
        ink.textSize = size
        ink.typeface = Typeface.DEFAULT_BOLD
        stroke(Color.BLACK, 4)
        canvas.drawText(words, x, y, ink)
        ink.style = Paint.Style.FILL
        ink.color = Color.WHITE
        canvas.drawText(words, x, y, ink)
    }

    /** A short bar that leans as the phone does; level, it is whole and green, and says so. */
    private fun drawLevel(canvas: Canvas, frame: RectF, hint: LevelHint) {
        val x = frame.centerX()
        val y = frame.centerY()
        val arm = context.dp(54).toFloat()
        val colour = if (hint.isLevel) GREEN else Color.WHITE
        canvas.save()
        canvas.rotate(-hint.rollDeg.toFloat(), x, y)
        for ((shade, wide) in listOf(Color.BLACK to 6, colour to 3)) {
            stroke(shade, wide)
            if (hint.isLevel) {
                canvas.drawLine(x - arm, y, x + arm, y, ink)
            } else {
                canvas.drawLine(x - arm, y, x - arm / 3, y, ink)
                canvas.drawLine(x + arm / 3, y, x + arm, y, ink)
            }
        }
        canvas.restore()
        label(canvas, context.words(levelWords(hint)), x, y + size * 2, Paint.Align.CENTER)
    }

    private fun levelWords(hint: LevelHint): Int = when {
        hint.isLevel -> R.string.level_good
        Math.abs(hint.rollDeg.toInt()) >= Math.abs(hint.pitchDeg.toInt()) -> R.string.level_roll
        else -> R.string.level_pitch
    }

    /** The right third of the left half, over the left third of the picture. */
    private fun drawGuide(canvas: Canvas, frame: RectF) {
        val photo = left ?: return
        val from = Rect(photo.width * 2 / 3, 0, photo.width, photo.height)
        val to = RectF(frame.left, frame.top, frame.left + frame.width() / 3, frame.bottom)
        ink.alpha = 150
        canvas.drawBitmap(photo, from, to, ink)
        ink.alpha = 255
        stroke(YELLOW, 3)
        canvas.drawLine(to.right, to.top, to.right, to.bottom, ink)
    }

    private fun stroke(colour: Int, wide: Int) {
        ink.style = Paint.Style.STROKE
        ink.color = colour
        ink.strokeWidth = context.dp(wide).toFloat()
    }

    private companion object {
        const val FOCUS_MS = 1200L
        const val MOST_WORDS_DP = 20

        // Over a photo there is no day and night: these are seen on any picture, with their black edge.
        const val YELLOW = 0xFFFFD24A.toInt()
        const val GREEN = 0xFF7CF0AE.toInt()
    }
}

/** The round button that takes a photo. */
internal class ShutterButton(context: Context, press: () -> Unit) : Button(context) {
    private val ink = Paint(Paint.ANTI_ALIAS_FLAG)

    init {
        touchable(GradientDrawable().apply { shape = GradientDrawable.OVAL }, press)
        stateListAnimator = null
    }

    override fun setEnabled(enabled: Boolean) {
        super.setEnabled(enabled)
        alpha = if (enabled) 1f else 0.4f
    }

    override fun onDraw(canvas: Canvas) {
        val r = Math.min(width, height) / 2f
        ink.color = context.colour(R.color.main)
        ink.style = Paint.Style.STROKE
        ink.strokeWidth = context.dp(4).toFloat()
        canvas.drawCircle(width / 2f, height / 2f, r - context.dp(3), ink)
        ink.style = Paint.Style.FILL
        canvas.drawCircle(width / 2f, height / 2f, r - context.dp(10), ink)
    }
}
