package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.widget.FrameLayout
import android.widget.LinearLayout
import id.tilik.app.R
import id.tilik.app.phone.FixWatcher
import id.tilik.app.phone.Positions
import uniffi.tilik_mobile_core.MapPinKind
import uniffi.tilik_mobile_core.MapQuery
import uniffi.tilik_mobile_core.MapView

/** The village and the pins, drawn from what is on the phone. */
class MapScreen(args: Bundle = Bundle()) : Screen(ScreenName.MAP, args) {
    private val case: String? = args.getString(CASE)
    private var canvas: MapCanvas? = null
    private var positions: Positions? = null

    override fun title(context: Context): CharSequence = context.words(R.string.map_title)

    override fun body(context: Context): View {
        val map = MapCanvas(context, case, null, { positions?.last() }, ::draw) { found -> stage.open(CaseScreen.of(found, isTraining)) }
        canvas = map
        return mapWithKeys(context, map) { say(context.words(R.string.map_no_here), Mood.NOTE) }
    }

    override fun foot(context: Context): View = legend(context)

    override fun onShown() {
        val heard = stage.app.newPositions()
        positions = heard
        heard.watch(Positions.Pace.WALKING, FixWatcher { canvas?.anew() })
        canvas?.anew()
    }

    override fun onHidden() {
        positions?.close()
        positions = null
    }

    override fun onChanged() {
        canvas?.anew()
    }

    /** The map as the core drew it. */
    fun show(view: MapView) {
        canvas?.show(view)
    }

    private fun draw(query: MapQuery) = ask({ it.map(query) }) { show(it) }

    internal companion object {
        fun of(case: String, training: Boolean) = MapScreen(Bundle().apply {
            putString(CASE, case)
            putBoolean(TRAINING, training)
        })
    }
}

/** A map with keys for nearer, farther, here and whole, since not every hand can pinch. `lost`: the position is not known. */
internal fun mapWithKeys(context: Context, map: MapCanvas, lost: () -> Unit): View {
    val keys = context.column(
        GAP_DP,
        context.mapKey(R.drawable.ic_add, R.string.map_nearer) { map.zoomBy(1.6f) },
        context.mapKey(R.drawable.ic_minus, R.string.map_farther) { map.zoomBy(1 / 1.6f) },
        context.mapKey(R.drawable.ic_locate, R.string.map_to_here) { if (!map.toHere()) lost() },
        context.mapKey(R.drawable.ic_whole, R.string.map_whole) { map.whole() },
    )
    val frame = FrameLayout(context)
    frame.addView(map, FrameLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.MATCH_PARENT))
    val place = FrameLayout.LayoutParams(ViewGroup.LayoutParams.WRAP_CONTENT, ViewGroup.LayoutParams.WRAP_CONTENT, Gravity.END or Gravity.BOTTOM)
    val edge = context.dp(12)
    place.setMargins(edge, edge, edge, edge)
    frame.addView(keys, place)
    return frame
}

private fun Context.mapKey(sign: Int, says: Int, act: () -> Unit): View = signButton(sign, words(says), R.color.text, act).apply {
    touchable(shape(R.color.ground, R.color.line), act)
    minimumWidth = dp(TOUCH_DP)
}

/** What the signs on the map mean. */
private fun legend(context: Context): View {
    val all = listOf(MapPinKind.HOUSE, MapPinKind.OTHER, MapPinKind.RETURNED, MapPinKind.HERE).map { kind ->
        val line = context.row(8)
        line.addView(PinSign(context, kind).silent(), LinearLayout.LayoutParams(context.dp(22), context.dp(22)))
        line.addView(context.text(context.words(kind), Type.NOTE), rest())
        line
    }
    return context.column(4, context.pair(all[0], all[1]), context.pair(all[2], all[3]))
}
