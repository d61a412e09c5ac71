package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.text.InputType
import android.view.View
import android.widget.Button
import id.tilik.app.R
import uniffi.tilik_mobile_core.Status

/** Another password: because the first was chosen by somebody else, or because the officer wants to. */
class PasswordScreen(args: Bundle = Bundle()) : Screen(ScreenName.PASSWORD, args) {
    private var old: Field? = null
    private var fresh: Field? = null
    private var again: Field? = null
    private var send: Button? = null
    private var hasAsked = false

    /** As the door it has nothing behind it. */
    override val hasBack: Boolean get() = args.getBoolean(SignInScreen.OPENED)

    override fun title(context: Context): CharSequence = context.words(R.string.password_title)

    override fun body(context: Context): View {
        val kind = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD
        val first = Field(context, context.words(R.string.password_old), kind).also { old = it }
        val second = Field(context, context.words(R.string.password_new), kind).also { fresh = it }
        val third = Field(context, context.words(R.string.password_again), kind).also { again = it }
        return context.scroll(
            context.column(
                EDGE_DP, context.text(context.words(R.string.password_how)), first.view, second.view, third.view,
                context.showing(first, second, third),
            ).padded(),
        )
    }

    override fun foot(context: Context): View =
        context.button(context.words(R.string.password_send), Tone.MAIN) { change() }.also { send = it }

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ it.status() }) { show(it) }

    /** How the change stands. */
    fun show(status: Status) {
        wait(send, R.string.password_send, status.busy)
        if (!hasAsked || status.busy) return
        showProblem(status)
        if (status.lastProblem == null && !status.passwordChangeRequired && isInFront) {
            hasAsked = false
            stage.door()
            if (args.getBoolean(SignInScreen.OPENED)) stage.back()
        }
    }

    private fun change() {
        val (from, to, repeated) = listOf(old, fresh, again).map { it?.words.orEmpty() }
        when {
            from.isEmpty() || to.isEmpty() -> say(stage.activity.words(R.string.password_empty))
            to != repeated -> say(stage.activity.words(R.string.password_differs))
            else -> {
                hasAsked = true
                act({ it.changePassword(from, to) }) {
                    for (field in listOf(old, fresh, again)) field?.words = ""
                    stage.app.sender.wake()
                    onChanged()
                }
            }
        }
    }

    internal companion object {
        fun opened() = PasswordScreen(Bundle().apply { putBoolean(SignInScreen.OPENED, true) })
    }
}
