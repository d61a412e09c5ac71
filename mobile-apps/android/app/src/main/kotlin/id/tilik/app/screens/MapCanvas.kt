package id.tilik.app.screens

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Path
import android.graphics.Typeface
import android.util.DisplayMetrics
import android.util.TypedValue
import android.view.GestureDetector
import android.view.MotionEvent
import android.view.ScaleGestureDetector
import android.view.View
import id.tilik.app.R
import uniffi.tilik_mobile_core.MapOutline
import uniffi.tilik_mobile_core.MapPin
import uniffi.tilik_mobile_core.MapPinKind
import uniffi.tilik_mobile_core.MapQuery
import uniffi.tilik_mobile_core.MapView
import uniffi.tilik_mobile_core.Place
import uniffi.tilik_mobile_core.ScaleBar

/** Draws a [MapView]. A finger moves it, two fingers or the keys bring it nearer, a touch on a pin opens its case. */
internal class MapCanvas(
    context: Context,
    private val case: String?,
    private val visit: String?,
    private val here: () -> Place?,
    private val ask: (MapQuery) -> Unit,
    private val touched: (case: String) -> Unit,
) : View(context) {
    private var view: MapView? = null
    private var zoom = 1f
    private var panX = 0f
    private var panY = 0f

    // What the drawing was made for. Until the core has drawn anew, the old drawing is moved under the finger.
    private var drawnFor: MapQuery? = null
    private var asked: MapQuery? = null
    private var isBehind = false

    private var isCentring = false

    // Pixels of a metre in the last drawing, at zoom 1.
    private var scale = 0f

    // What the map shows depends on where the officer stands. Under a cross that was aimed, it stays as it was.
    private var held: Place? = null

    /** Whether the officer moved the map or brought it nearer since it last showed all. */
    var isMoved = false
        private set

    /** Whether a cross marks the middle, for a pin placed by hand. */
    var hasCross = false
        set(value) {
            field = value
            invalidate()
        }

    private val ink = Paint(Paint.ANTI_ALIAS_FLAG)
    private val path = Path()

    private val fingers = GestureDetector(context, object : GestureDetector.SimpleOnGestureListener() {
        override fun onDown(e: MotionEvent): Boolean = true

        override fun onScroll(e1: MotionEvent?, e2: MotionEvent, distanceX: Float, distanceY: Float): Boolean {
            pan(-distanceX, -distanceY)
            return true
        }

        override fun onSingleTapUp(e: MotionEvent): Boolean = tap(e.x, e.y)
    })

    private val pinch = ScaleGestureDetector(context, object : ScaleGestureDetector.SimpleOnScaleGestureListener() {
        override fun onScale(detector: ScaleGestureDetector): Boolean {
            zoomBy(detector.scaleFactor)
            return true
        }
    })

    init {
        isFocusable = true
        contentDescription = context.words(R.string.map_empty)
    }

    /** The drawing of the core. */
    fun show(drawn: MapView) {
        view = drawn
        drawnFor = asked
        asked = null
        keepAim(drawn.bar)
        contentDescription = described(drawn)
        invalidate()
        if (isBehind) moved() else if (isCentring) centreHere()
    }

    /** Another height of the map is another scale: what lies under a cross that was aimed stays there. */
    private fun keepAim(bar: ScaleBar) {
        val now = bar.px / bar.metres.toFloat() / (drawnFor ?: return).zoom
        val grown = now / scale
        scale = now
        if (!hasCross || !isMoved || !grown.isFinite() || Math.abs(grown - 1) < 0.001f) return
        panX *= grown
        panY *= grown
        isBehind = true
    }

    /** Asks for a drawing, whatever was asked before. */
    fun anew() {
        asked = null
        moved()
    }

    /** One question at a time: what moved meanwhile is asked when the answer is there. */
    private fun moved() {
        if (width == 0) return
        isBehind = asked != null
        if (isBehind) return
        val query = query()
        asked = query
        ask(query)
    }

    /** What lies under the cross, by the last drawing. */
    val centre: Place? get() = view?.centre

    /** Whether half of the cross covers no more than so many metres, by the last drawing. */
    fun isFine(metres: Int): Boolean {
        val bar = view?.bar ?: return false
        val grown = zoom / (drawnFor ?: return false).zoom
        return bar.px > 0 && context.dp(ARM_DP) * bar.metres.toFloat() / (bar.px * grown) <= metres
    }

    private fun query() = MapQuery(
        case = case, visit = visit, here = if (hasCross && isMoved) held else here().also { held = it }, widthPx = width.toUInt(), heightPx = height.toUInt(), zoom = zoom, panX = panX, panY = panY,
        aimPx = context.dp(ARM_DP).toUInt(),
    )

    fun zoomBy(factor: Float) {
        val wanted = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoom * factor))
        val real = wanted / zoom
        isMoved = true
        zoom = wanted
        panX *= real
        panY *= real
        invalidate()
        moved()
    }

    /** Brings the officer's position to the middle, once it is drawn; false while none is known. */
    fun toHere(): Boolean {
        held = here() ?: return false
        isMoved = true
        isCentring = true
        moved()
        return true
    }

    private fun centreHere() {
        val old = drawnFor ?: return
        val pin = view?.pins?.find { it.kind == MapPinKind.HERE } ?: return
        isCentring = false
        val grown = zoom / old.zoom
        panX = (old.panX - (pin.x - width / 2f)) * grown
        panY = (old.panY - (pin.y - height / 2f)) * grown
        invalidate()
        moved()
    }

    fun whole() {
        isMoved = false
        zoom = 1f
        panX = 0f
        panY = 0f
        invalidate()
        moved()
    }

    private fun pan(x: Float, y: Float) {
        isMoved = true
        panX += x
        panY += y
        invalidate()
        moved()
    }

    private fun tap(x: Float, y: Float): Boolean {
        val reach = context.dp(TOUCH_DP / 2).toFloat()
        val near = view?.pins.orEmpty().filter { it.case != null }
            .map { it to Math.hypot((it.x - x).toDouble(), (it.y - y).toDouble()) }
            .filter { it.second <= reach }.minByOrNull { it.second } ?: return false
        near.first.case?.let(touched)
        return true
    }

    override fun onSizeChanged(w: Int, h: Int, oldw: Int, oldh: Int) {
        super.onSizeChanged(w, h, oldw, oldh)
        moved()
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        pinch.onTouchEvent(event)
        if (!pinch.isInProgress) fingers.onTouchEvent(event)
        if (event.actionMasked == MotionEvent.ACTION_UP) performClick()
        return true
    }

    override fun performClick(): Boolean {
        super.performClick()
        return true
    }

    override fun onDraw(canvas: Canvas) {
        canvas.drawColor(context.colour(R.color.map_ground))
        val drawn = view ?: return
        canvas.save()
        drawnFor?.let { old ->
            val grown = zoom / old.zoom
            canvas.translate(panX - old.panX * grown, panY - old.panY * grown)
            canvas.scale(grown, grown, width / 2f, height / 2f)
        }
        for (outline in drawn.outlines) drawOutline(canvas, outline)
        for (pin in drawn.pins) drawPin(canvas, pin)
        canvas.restore()
        drawBar(canvas, drawn.bar)
        if (hasCross) drawCross(canvas)
    }

    private fun drawOutline(canvas: Canvas, outline: MapOutline) {
        path.reset()
        outline.points.forEachIndexed { at, point -> if (at == 0) path.moveTo(point.x, point.y) else path.lineTo(point.x, point.y) }
        path.close()
        if (outline.isMain) {
            ink.style = Paint.Style.FILL
            ink.color = context.colour(R.color.map_village)
            canvas.drawPath(path, ink)
        }
        ink.style = Paint.Style.STROKE
        ink.color = context.colour(R.color.map_edge)
        ink.strokeWidth = context.dp(if (outline.isMain) 3 else 1).toFloat()
        canvas.drawPath(path, ink)
    }

    private fun drawPin(canvas: Canvas, pin: MapPin) {
        val colour = context.colour(colour(pin.kind))
        if (pin.radiusPx > context.dp(8)) {
            ink.style = Paint.Style.FILL
            ink.color = colour
            ink.alpha = 40
            canvas.drawCircle(pin.x, pin.y, pin.radiusPx, ink)
            ink.alpha = 255
        }
        drawSign(canvas, ink, context, pin.kind, pin.x, pin.y, context.dp(if (pin.kind == MapPinKind.OTHER) 7 else 10).toFloat())
        val label = pin.label ?: return
        ink.style = Paint.Style.FILL
        ink.textSize = 15f * resources.displayMetrics.scaledDensityOf()
        ink.textAlign = Paint.Align.CENTER
        ink.typeface = Typeface.DEFAULT_BOLD
        ink.color = context.colour(R.color.map_village)
        ink.style = Paint.Style.STROKE
        ink.strokeWidth = context.dp(4).toFloat()
        val above = pin.y - context.dp(if (pin.kind == MapPinKind.HOUSE || pin.kind == MapPinKind.DRAFTED) 30 else 18)
        canvas.drawText(label, pin.x, above, ink)
        ink.style = Paint.Style.FILL
        ink.color = context.colour(R.color.text)
        canvas.drawText(label, pin.x, above, ink)
    }

    private fun drawBar(canvas: Canvas, bar: ScaleBar) {
        val left = context.dp(EDGE_DP).toFloat()
        val bottom = height - context.dp(EDGE_DP).toFloat()
        ink.style = Paint.Style.STROKE
        ink.color = context.colour(R.color.text)
        ink.strokeWidth = context.dp(3).toFloat()
        val high = context.dp(6)
        canvas.drawLine(left, bottom, left + bar.px, bottom, ink)
        canvas.drawLine(left, bottom - high, left, bottom, ink)
        canvas.drawLine(left + bar.px, bottom - high, left + bar.px, bottom, ink)
        ink.style = Paint.Style.FILL
        ink.textAlign = Paint.Align.LEFT
        ink.typeface = Typeface.DEFAULT_BOLD
        ink.textSize = 14f * resources.displayMetrics.scaledDensityOf()
        canvas.drawText(context.metres(bar.metres), left, bottom - context.dp(10), ink)
    }

    private fun drawCross(canvas: Canvas) {
        val x = width / 2f
        val y = height / 2f
        val arm = context.dp(ARM_DP).toFloat()
        for ((colour, wide) in listOf(R.color.map_village to 7, R.color.map_returned to 3)) {
            ink.style = Paint.Style.STROKE
            ink.color = context.colour(colour)
            ink.strokeWidth = context.dp(wide).toFloat()
            canvas.drawLine(x - arm, y, x + arm, y, ink)
            canvas.drawLine(x, y - arm, x, y + arm, ink)
            canvas.drawCircle(x, y, arm / 2, ink)
        }
    }

    private fun described(drawn: MapView): String {
        val counted = MapPinKind.values().mapNotNull { kind ->
            val n = drawn.pins.count { it.kind == kind }
            if (n == 0) null else context.words(R.string.map_count, n, context.words(kind))
        }
        return context.words(R.string.map_described, counted.joinToString(", "))
    }

    private companion object {
        const val MIN_ZOOM = 0.5f
        const val MAX_ZOOM = 60f

        /** Half the cross's width. */
        const val ARM_DP = 28
    }
}

/** Pixels of one sp, by the font size that the person chose. */
internal fun DisplayMetrics.scaledDensityOf(): Float = TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_SP, 1f, this)

private fun colour(kind: MapPinKind): Int = when (kind) {
    MapPinKind.HOUSE -> R.color.map_house
    MapPinKind.OTHER -> R.color.map_other
    MapPinKind.RETURNED -> R.color.map_returned
    MapPinKind.HERE, MapPinKind.DRAFTED -> R.color.map_here
}

/** Each kind has a shape of its own, so that the colour is never alone. */
private fun drawSign(canvas: Canvas, ink: Paint, context: Context, kind: MapPinKind, x: Float, y: Float, r: Float) {
    val path = Path()
    when (kind) {
        MapPinKind.HOUSE, MapPinKind.DRAFTED -> {
            path.moveTo(x, y)
            path.lineTo(x - r, y - r * 1.4f)
            path.lineTo(x, y - r * 2.4f)
            path.lineTo(x + r, y - r * 1.4f)
            path.close()
        }
        MapPinKind.OTHER -> path.addRect(x - r, y - r, x + r, y + r, Path.Direction.CW)
        MapPinKind.RETURNED -> {
            path.moveTo(x, y - r * 1.2f)
            path.lineTo(x + r * 1.2f, y + r)
            path.lineTo(x - r * 1.2f, y + r)
            path.close()
        }
        MapPinKind.HERE -> path.addCircle(x, y, r, Path.Direction.CW)
    }
    ink.style = Paint.Style.FILL
    ink.color = context.colour(colour(kind))
    canvas.drawPath(path, ink)
    ink.style = Paint.Style.STROKE
    ink.strokeWidth = context.dp(2).toFloat()
    ink.color = context.colour(R.color.map_village)
    canvas.drawPath(path, ink)
    ink.style = Paint.Style.FILL
}

/** A sign of the map by itself, for the legend. */
internal class PinSign(context: Context, private val kind: MapPinKind) : View(context) {
    private val ink = Paint(Paint.ANTI_ALIAS_FLAG)

    override fun onDraw(canvas: Canvas) {
        val y = if (kind == MapPinKind.HOUSE || kind == MapPinKind.DRAFTED) height.toFloat() else height / 2f
        drawSign(canvas, ink, context, kind, width / 2f, y, width * 0.38f)
    }
}
