package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.widget.GridLayout
import android.widget.TextView
import id.tilik.app.R
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.LockState

/** Six digits that open the app: chosen once, entered whenever it was away for long. */
class AppPinScreen(args: Bundle = Bundle()) : Screen(ScreenName.APP_PIN, args) {
    private enum class Stepping { WAIT, ENTER, OLD, CHOOSE, REPEAT }

    private var stepping = if (args.getBoolean(ANEW)) Stepping.OLD else Stepping.WAIT
    private var typed = ""
    private var first = ""
    private var asks: TextView? = null
    private var dots: TextView? = null
    private var keys: GridLayout? = null
    private var forgot: View? = null

    override val hasBack: Boolean get() = args.getBoolean(ANEW)

    override fun title(context: Context): CharSequence = context.words(R.string.app_pin_title)

    override fun body(context: Context): View {
        val question = context.text("", Type.HEADING).live().apply { gravity = Gravity.CENTER }
        val shown = context.text("", Type.FIGURE).apply { gravity = Gravity.CENTER }.live()
        asks = question
        dots = shown
        val pad = keypad(context)
        keys = pad
        val above = context.column(4, question, shown).apply { gravity = Gravity.CENTER }.padded(EDGE_DP, 4)
        draw(context)
        // The keys stay at the bottom, where the thumb is; on a low screen all of it scrolls.
        val all = context.column(0)
        all.addView(above, restHigh())
        all.addView(pad, wide())
        return context.scroll(all)
    }

    override fun foot(context: Context): View = context.button(context.words(R.string.app_pin_forgot)) { forgotten() }.also {
        forgot = it
        draw(context)
    }

    /** What happens then is said before anything happens. */
    private fun forgotten() = confirm(stage.activity, R.string.app_pin_forgot, R.string.app_pin_forgot_why, R.string.app_pin_forgot_go) {
        whenInFront { stage.unlockBy(password = true) }
    }

    private fun keypad(context: Context): GridLayout {
        val pad = GridLayout(context).apply {
            columnCount = 3
            padded(12, 8)
        }
        // Four rows of keys and what stands above them fit on a low screen too.
        val keyHigh = Math.max(TOUCH_DP, Math.min(72, (context.resources.configuration.screenHeightDp - 370) / 4 - 8))
        fun key(view: View) {
            val place = GridLayout.LayoutParams(GridLayout.spec(GridLayout.UNDEFINED), GridLayout.spec(GridLayout.UNDEFINED, 1f))
            place.width = 0
            place.height = context.dp(keyHigh)
            place.setMargins(context.dp(4), context.dp(4), context.dp(4), context.dp(4))
            pad.addView(view, place)
        }
        fun digit(n: Int) = key(
            context.button(n.toString()) { press(n) }.apply {
                textSize = 26f
                padded(0, 0)
            },
        )
        for (n in 1..9) digit(n)
        key(View(context).silent())
        digit(0)
        val eraser = context.signButton(R.drawable.ic_erase, context.words(R.string.app_pin_erase)) { erase() }
        eraser.touchable(context.shape(R.color.card)) { erase() }
        key(eraser)
        return pad
    }

    override fun onShown() {
        if (stepping == Stepping.WAIT || stepping == Stepping.ENTER) ask({ it.lockState() }) { show(it) }
    }

    override fun onHidden() {
        typed = ""
        first = ""
        if (stepping == Stepping.REPEAT) stepping = Stepping.CHOOSE
        // Whoever comes back to this screen shows the PIN again.
        if (args.getBoolean(ANEW)) stepping = Stepping.OLD
    }

    /** Whether a PIN is chosen or entered. */
    fun show(state: LockState) {
        when (state) {
            is LockState.NoPin -> if (stepping != Stepping.REPEAT) stepping = Stepping.CHOOSE
            is LockState.Locked -> {
                stepping = Stepping.ENTER
                if (state.triesLeft < FULL_TRIES) tell { words(R.string.app_pin_wrong, state.triesLeft.toInt()) }
            }
            is LockState.SignInNeeded, is LockState.Open -> if (isInFront) return stage.door()
        }
        asks?.let { draw(it.context) }
    }

    private fun tell(what: Context.() -> String) {
        asks?.let { say(it.context.what()) }
    }

    private fun draw(context: Context) {
        asks?.text = context.words(
            when (stepping) {
                Stepping.WAIT -> R.string.opening
                Stepping.ENTER -> R.string.app_pin_enter
                Stepping.OLD -> R.string.app_pin_old
                Stepping.CHOOSE -> R.string.app_pin_choose
                Stepping.REPEAT -> R.string.app_pin_repeat
            },
        )
        forgot?.showIf(stepping == Stepping.ENTER)
        dots?.text = "●".repeat(typed.length) + "○".repeat(DIGITS - typed.length)
        dots?.contentDescription = context.words(R.string.app_pin_typed, typed.length, DIGITS)
    }

    private fun press(n: Int) {
        if (stepping == Stepping.WAIT || typed.length >= DIGITS) return
        typed += n
        asks?.let { draw(it.context) }
        if (typed.length == DIGITS) whole()
    }

    private fun erase() {
        typed = typed.dropLast(1)
        asks?.let { draw(it.context) }
    }

    private fun whole() {
        hush()
        val pin = typed
        when (stepping) {
            Stepping.WAIT -> Unit
            Stepping.ENTER -> ask({ it.unlock(pin) }) { again(it) }
            Stepping.OLD -> ask({ it.unlock(pin) }) { old(it) }
            Stepping.CHOOSE -> {
                first = pin
                stepping = Stepping.REPEAT
                clear()
            }
            Stepping.REPEAT -> if (pin == first) {
                ask({ it.choosePin(pin) }) { chosen(it) }
            } else {
                fromTheStart()
                say(stage.activity.words(R.string.app_pin_differs))
            }
        }
    }

    private fun again(state: LockState) {
        clear()
        show(state)
    }

    /** A wrong one locks the app, and its door says how many tries are left. */
    private fun old(state: LockState) {
        clear()
        if (state !is LockState.Open) return stage.door()
        stepping = Stepping.CHOOSE
        asks?.let { draw(it.context) }
    }

    private fun chosen(state: LockState) {
        if (args.getBoolean(ANEW)) stage.back() else again(state)
    }

    /** A PIN that is too simple is chosen again. */
    override fun failed(error: CoreException) {
        fromTheStart()
        super.failed(error)
    }

    private fun fromTheStart() {
        if (stepping == Stepping.REPEAT) stepping = Stepping.CHOOSE
        first = ""
        clear()
    }

    private fun clear() {
        typed = ""
        asks?.let { draw(it.context) }
    }

    internal companion object {
        private const val ANEW = "anew"
        private const val DIGITS = 6
        private const val FULL_TRIES = 5u

        /** To choose another PIN, from the settings. */
        fun anew() = AppPinScreen(Bundle().apply { putBoolean(ANEW, true) })
    }
}
