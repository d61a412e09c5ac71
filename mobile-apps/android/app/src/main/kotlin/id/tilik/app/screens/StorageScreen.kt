package id.tilik.app.screens

import android.content.Context
import android.content.res.ColorStateList
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.widget.LinearLayout
import android.widget.ProgressBar
import id.tilik.app.R
import uniffi.tilik_mobile_core.HousePhotosWhen
import uniffi.tilik_mobile_core.StorageView

/** What takes room on this phone, and when it goes. */
class StorageScreen(args: Bundle = Bundle()) : Screen(ScreenName.STORAGE, args) {
    private var column: LinearLayout? = null

    override fun title(context: Context): CharSequence = context.words(R.string.storage_title)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it })

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ it.storage() }) { show(it) }

    /** The bytes. */
    fun show(view: StorageView) {
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        val free = context.words(R.string.storage_free, context.bytes(view.freeBytes), context.bytes(view.totalBytes))
        all.addView(context.text(free, Type.NAME), wide())
        val used = (view.totalBytes - view.freeBytes).toDouble() / Math.max(1.0, view.totalBytes.toDouble())
        all.addView(ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal).apply {
            progressTintList = ColorStateList.valueOf(context.colour(R.color.main))
            max = 1000
            progress = (used * 1000).toInt()
        }.silent(), LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, context.dp(12)))
        val lines = listOf(
            R.string.storage_sealed to view.sealedBytes, R.string.storage_drafts to view.draftsBytes,
            R.string.storage_house_photos to view.housePhotosBytes, R.string.storage_databases to view.databasesBytes,
        )
        val card = context.column(GAP_DP)
        for ((words, n) in lines) card.addView(context.figureLine(context.words(words), context.bytes(n)), wide())
        all.addView(card.apply { background = context.shape(R.color.card) }.padded(14, 12), wide())
        all.addView(context.text(context.words(R.string.storage_kept, view.sealedVisits.toInt())), wide())
        view.nextRemovalAt?.let { all.addView(context.text(context.words(R.string.storage_removal, day(it)), Type.NOTE), wide()) }
        all.addView(context.text(context.words(R.string.house_photos_title), Type.HEADING), wide())
        all.addView(context.text(context.words(R.string.house_photos_how), Type.NOTE), wide())
        for (choice in HousePhotosWhen.values()) {
            val isChosen = choice == view.housePhotos
            val button = context.button(
                context.words(choice), if (isChosen) Tone.MAIN else Tone.PLAIN, if (isChosen) R.drawable.ic_check else null,
            ) { choose(choice) }
            button.isSelected = isChosen
            all.addView(button, wide())
        }
    }

    private fun choose(choice: HousePhotosWhen) = act({ it.setHousePhotos(choice) }) {
        stage.app.sender.wake()
        say(stage.activity.words(R.string.house_photos_set, stage.activity.words(choice)), Mood.GOOD)
    }
}

/** A name and its figure; the figure goes below when both do not fit. */
internal fun Context.figureLine(name: CharSequence, figure: CharSequence): View {
    val line = row(12)
    line.addView(text(name), rest())
    line.addView(text(figure, Type.STRONG).apply { gravity = Gravity.END })
    return line
}
