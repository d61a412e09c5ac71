package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.widget.LinearLayout
import id.tilik.app.R
import uniffi.tilik_mobile_core.SignOutView

/** Leaving: what has not been sent yet, and what happens to it. */
class SignOutScreen(args: Bundle = Bundle()) : Screen(ScreenName.SIGN_OUT, args) {
    private var column: LinearLayout? = null

    override fun title(context: Context): CharSequence = context.words(R.string.sign_out_title)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it })

    override fun foot(context: Context): View = context.column(
        GAP_DP,
        context.button(context.words(R.string.sign_out_stay), Tone.PLAIN) { stage.back() },
        context.button(context.words(R.string.sign_out), Tone.BAD) { leave() },
    )

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ it.signOutView() }) { show(it) }

    /** What is unsent. */
    fun show(view: SignOutView) {
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        val unsent = view.visitsWaiting > 0u || view.photosWaiting > 0u
        if (unsent) {
            val words = context.words(R.string.sign_out_unsent, view.visitsWaiting.toInt(), view.photosWaiting.toInt())
            all.addView(context.box(Mood.WARN, words), wide())
        }
        if (view.drafts > 0u) all.addView(context.box(Mood.WARN, context.words(R.string.sign_out_drafts, view.drafts.toInt())), wide())
        if (!unsent && view.drafts == 0u) all.addView(context.box(Mood.GOOD, context.words(R.string.sign_out_clean)), wide())
        all.addView(context.text(context.words(R.string.sign_out_how)), wide())
    }

    private fun leave() = act({ it.signOut() }) {
        // Home hides this screen, and a hidden screen has no stage.
        val by = stage
        by.app.sender.wake()
        by.home()
        by.door()
    }
}
