package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.widget.LinearLayout
import id.tilik.app.R
import uniffi.tilik_protocol.UnreachableReason

/** Why nobody could be seen. */
class WhyNotScreen(args: Bundle) : Screen(ScreenName.WHY_NOT, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var column: LinearLayout? = null

    override fun title(context: Context): CharSequence = context.words(R.string.why_not_title)

    override fun body(context: Context): View {
        val all = context.column(EDGE_DP).padded().also { column = it }
        show(null)
        return context.scroll(all)
    }

    override fun onShown() = ask({ it.draft(visit).unreachable }) { show(it) }

    /** The reasons; `chosen` is the one that was given. */
    fun show(chosen: UnreachableReason?) {
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        all.addView(context.text(context.words(R.string.why_not_how)), wide())
        for (reason in UnreachableReason.values()) {
            val isChosen = reason == chosen
            val button = context.button(
                context.words(reason), if (isChosen) Tone.MAIN else Tone.PLAIN, if (isChosen) R.drawable.ic_check else null,
            ) { act({ it.setUnreachable(visit, reason) }) { goOn(visit) } }
            button.minimumHeight = context.dp(72)
            button.isSelected = isChosen
            all.addView(button, wide())
        }
    }
}
