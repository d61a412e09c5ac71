package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.text.InputType
import android.view.View
import android.widget.Button
import id.tilik.app.R
import uniffi.tilik_mobile_core.Status

/** Name and password. Needs the server: the first time, after five wrong PINs, and when the session is over. */
class SignInScreen(args: Bundle = Bundle()) : Screen(ScreenName.SIGN_IN, args) {
    private var account: Field? = null
    private var password: Field? = null
    private var send: Button? = null
    private var hasAsked = false

    /** Whether it stands before a locked app, for whoever forgot its PIN. */
    internal val isForgotten: Boolean get() = args.getBoolean(FORGOTTEN)

    /** As the door it has nothing behind it. */
    override val hasBack: Boolean get() = args.getBoolean(OPENED) || isForgotten

    override fun title(context: Context): CharSequence = context.words(R.string.sign_in_title)

    override fun body(context: Context): View {
        val who = Field(
            context, context.words(R.string.sign_in_name), InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS,
        )
        val secret = Field(
            context, context.words(R.string.sign_in_password), InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD,
        )
        account = who
        password = secret
        who.words = args.getString(NAME).orEmpty()
        return context.scroll(
            context.column(EDGE_DP, context.text(context.words(if (isForgotten) R.string.app_pin_forgot_how else R.string.sign_in_how)), who.view, secret.view, context.showing(secret)).padded(),
        )
    }

    override fun foot(context: Context): View =
        context.button(context.words(R.string.sign_in_send), Tone.MAIN) { signIn() }.also { send = it }

    override fun onShown() = onChanged()

    override fun onBack(): Boolean {
        if (isForgotten) stage.unlockBy(password = false)
        return isForgotten
    }

    override fun onChanged() = ask({ it.status() }) { show(it) }

    override fun save() = args.putString(NAME, account?.words)

    /** How the sign-in stands. */
    fun show(status: Status) {
        if (account?.words.isNullOrEmpty()) account?.words = status.username.orEmpty()
        wait(send, R.string.sign_in_send, status.busy)
        if (!hasAsked || status.busy) return
        showProblem(status)
        if (status.signedIn && isInFront) {
            hasAsked = false
            stage.door()
            // Opened from a notice, it stands on the stack and goes away; as the door, the door takes it away.
            if (status.lastProblem == null) leave()
        }
    }

    private fun leave() {
        if (args.getBoolean(OPENED)) stage.back()
    }

    private fun signIn() {
        val who = account?.words.orEmpty().trim()
        val secret = password?.words.orEmpty()
        if (who.isEmpty() || secret.isEmpty()) return say(stage.activity.words(R.string.sign_in_empty))
        hasAsked = true
        act({ it.signIn(who, secret) }) {
            password?.words = ""
            stage.app.sender.wake()
            onChanged()
        }
    }

    internal companion object {
        private const val NAME = "name"

        /** Set when it was opened from another screen. */
        const val OPENED = "opened"

        private const val FORGOTTEN = "forgotten"

        fun forgotten() = SignInScreen(Bundle().apply { putBoolean(FORGOTTEN, true) })

        fun opened() = SignInScreen(Bundle().apply { putBoolean(OPENED, true) })
    }
}

/** Shows what was typed into passwords: on a small keyboard, long ones go wrong unseen. */
internal fun Context.showing(vararg fields: Field): View = toggle(words(R.string.password_show), null, false) { isShown ->
    val variation = if (isShown) InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD else InputType.TYPE_TEXT_VARIATION_PASSWORD
    for (field in fields) {
        val at = field.edit.selectionEnd
        field.edit.inputType = InputType.TYPE_CLASS_TEXT or variation
        field.edit.setSelection(Math.max(0, at))
    }
}
