package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import id.tilik.app.R
import id.tilik.app.phone.Updates
import uniffi.tilik_mobile_core.UpdateState

/** A newer app, from the city's own server. What is sealed is sent whichever app is installed. */
class UpdateScreen(args: Bundle = Bundle()) : Screen(ScreenName.UPDATE, args) {
    private var column: LinearLayout? = null
    private var go: Button? = null
    private var state: UpdateState? = null

    override fun title(context: Context): CharSequence = context.words(R.string.update_title)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it })

    override fun foot(context: Context): View = context.button("", Tone.MAIN) { go() }.also {
        it.showIf(false)
        go = it
    }

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ it.updateState() }) { show(it) }

    /** Whether there is one, and how far it has come. */
    fun show(now: UpdateState) {
        state = now
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        val said = when (now) {
            is UpdateState.None -> context.box(Mood.GOOD, context.words(R.string.update_none))
            is UpdateState.Offered -> context.box(Mood.NOTE, context.words(R.string.update_offered, now.version, context.bytes(now.bytes)))
            is UpdateState.Fetching -> context.box(Mood.NOTE, context.words(R.string.update_fetching, now.version, context.bytes(now.bytes)))
            is UpdateState.Ready -> context.box(Mood.GOOD, context.words(R.string.update_ready, now.version))
        }
        all.addView(said.live(), wide())
        all.addView(context.text(context.words(R.string.update_how)), wide())
        val words = when (now) {
            is UpdateState.None, is UpdateState.Fetching -> null
            is UpdateState.Offered -> R.string.update_fetch
            is UpdateState.Ready -> R.string.update_install
        }
        go?.showIf(words != null)
        if (words != null) go?.text = context.words(words)
    }

    private fun go() {
        when (val now = state) {
            is UpdateState.Offered -> act({ it.fetchUpdate() }) {
                stage.app.sender.wake()
                onChanged()
            }
            is UpdateState.Ready -> stage.app.updates.install(now.file) { outcome -> whenInFront { told(outcome) } }
            is UpdateState.None, is UpdateState.Fetching, null -> Unit
        }
    }

    private fun told(outcome: Updates.Outcome) {
        val activity = stage.activity
        when (outcome) {
            Updates.Outcome.CANCELLED, Updates.Outcome.DONE -> Unit
            Updates.Outcome.NOT_ALLOWED -> {
                say(activity.words(R.string.update_not_allowed), Mood.WARN)
                activity.startActivity(stage.app.updates.permission)
            }
            Updates.Outcome.BROKEN -> say(activity.words(R.string.update_broken))
            Updates.Outcome.OTHER_SIGNATURE -> say(activity.words(R.string.update_other_signature))
            Updates.Outcome.OLDER -> say(activity.words(R.string.update_older))
            Updates.Outcome.NO_ROOM -> say(activity.words(R.string.file_no_room))
        }
    }
}
