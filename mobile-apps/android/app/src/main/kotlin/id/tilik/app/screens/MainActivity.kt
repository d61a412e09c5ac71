package id.tilik.app.screens

import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.view.Gravity
import android.view.View
import id.tilik.app.R
import id.tilik.app.phone.Desk
import id.tilik.app.phone.SecureActivity
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.LockState
import uniffi.tilik_mobile_core.Status
import uniffi.tilik_protocol.RevokeKind

/**
 * The one activity: a stack of screens, and the door before them.
 *
 * The stack is kept as names and arguments, so it outlives rotation and the death of the process. While a door is closed
 * (no enrolment, no session, locked) its screen stands in front of the stack, which waits untouched behind it.
 */
class MainActivity : SecureActivity(), Stage {
    private val stack = ArrayList<Screen>()
    private var gate: Screen? = null
    private var drawn: Screen? = null
    private var isInFront = false
    private var asked: Desk.Ticket? = null

    override val activity: SecureActivity get() = this

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        restore(savedInstanceState)
        if (savedInstanceState == null) look(intent)
        setContentView(waiting())
        catchBack { goBack() }
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        look(intent)
    }

    override fun onResume() {
        super.onResume()
        isInFront = true
        door()
    }

    /** What takes room was asked for by the phone's settings. It stands behind the doors like any screen. */
    private fun look(intent: Intent) {
        val isAsked = intent.getBooleanExtra(STORAGE, false)
        if (isAsked && stack.last().name != ScreenName.STORAGE) stack.add(StorageScreen())
    }

    @Suppress("OVERRIDE_DEPRECATION")
    override fun onBackPressed() = goBack()

    override fun onPause() {
        isInFront = false
        asked?.close()
        drawn?.hidden()
        super.onPause()
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        val kept = ArrayList<Bundle>()
        for (screen in stack) {
            screen.save()
            kept.add(Bundle().apply {
                putString(NAME, screen.name.name)
                putBundle(ARGS, screen.args)
            })
        }
        outState.putParcelableArrayList(STACK, kept)
        (gate as? SignInScreen)?.takeIf { it.isForgotten }?.let {
            it.save()
            outState.putBundle(FORGOTTEN, it.args)
        }
    }

    override fun locked() = door()

    override fun picked(uri: Uri?) = stack.last().picked(uri)

    override fun open(screen: Screen) {
        stack.add(screen)
        draw(screen)
    }

    override fun replace(screen: Screen) {
        if (gate == null && stack.isNotEmpty()) stack.removeAt(stack.size - 1)
        open(screen)
    }

    override fun back() {
        if (gate == null && stack.size > 1) {
            stack.removeAt(stack.size - 1)
            draw(stack.last())
        } else {
            finish()
        }
    }

    override fun home(above: Screen?) {
        stack.clear()
        stack.add(TodayScreen())
        if (above != null) stack.add(above)
        draw(stack.last())
    }

    /** Asks how the phone stands, and shows the door that is closed, or what lies behind. */
    override fun door() {
        if (!isInFront) return
        asked?.close()
        val ticket = Desk.Ticket()
        asked = ticket
        app.desk.ask(ticket, { Entry(it.status(), it.lockState()) }, ::enter, ::broken)
    }

    override fun unlockBy(password: Boolean) {
        val screen = if (password) SignInScreen.forgotten() else AppPinScreen()
        gate = screen
        draw(screen)
    }

    private fun enter(entry: Entry) {
        useOffset(entry.status.utcOffsetMin)
        val now = gate
        // Whoever forgot the PIN stays at the password until it was shown, or until they remember.
        val wanted = if (entry.isLocked && now is SignInScreen && now.isForgotten) now.name else entry.gate()
        if (wanted == null) {
            gate = null
            draw(stack.last())
        } else if (now == null || now.name != wanted) {
            val screen = wanted.screen(Bundle())
            gate = screen
            draw(screen)
        } else {
            draw(now)
        }
    }

    /** Shows a screen: makes its view when another one was shown, and wakes it when the app is in front. */
    private fun draw(screen: Screen) {
        val before = drawn
        if (before === screen) {
            if (isInFront && !screen.isInFront) screen.shown(this)
            return
        }
        before?.hidden()
        drawn = screen
        setContentView(screen.view(this).apply { fitsSystemWindows = true })
        if (isInFront) screen.shown(this)
    }

    private fun goBack() {
        val screen = drawn
        if (screen == null || !screen.onBack()) back()
    }

    private fun restore(saved: Bundle?) {
        val kept = saved?.let { parcelables(it, STACK) }.orEmpty()
        for (bundle in kept) {
            // A name of a newer or older app is left out; what lies below is shown.
            val name = ScreenName.values().find { it.name == bundle.getString(NAME) } ?: continue
            stack.add(name.screen(bundle.getBundle(ARGS) ?: Bundle()))
        }
        if (stack.isEmpty()) stack.add(TodayScreen())
        // Which other door is closed is looked at anew; this one somebody chose.
        saved?.getBundle(FORGOTTEN)?.let { gate = SignInScreen(it) }
    }

    private fun waiting(): View = column(EDGE_DP, text(words(R.string.opening), Type.HEADING)).padded().apply {
        gravity = Gravity.CENTER
        setBackgroundColor(colour(R.color.ground))
    }

    /** The store cannot be opened: nothing can be shown, only said. */
    private fun broken(error: CoreException) {
        drawn?.hidden()
        drawn = null
        val said = column(
            EDGE_DP,
            text(words(R.string.cannot_open), Type.TITLE),
            box(Mood.BAD, words(error)),
            text(words(R.string.cannot_open_safe)),
            button(words(R.string.try_again), Tone.MAIN) { door() },
        ).padded()
        setContentView(scroll(said).apply { fitsSystemWindows = true })
    }

    internal companion object {
        /** Set where the page of what takes room is asked for. */
        const val STORAGE = "storage"

        private const val STACK = "stack"
        private const val NAME = "name"
        private const val ARGS = "args"
        private const val FORGOTTEN = "forgotten"
    }
}

/** How the phone stands before anything is shown. */
internal class Entry(val status: Status, private val lock: LockState) {
    /** Whether the PIN is asked for. */
    val isLocked: Boolean get() = gate() == ScreenName.APP_PIN && lock is LockState.Locked

    /** The door that is closed; null: none. */
    fun gate(): ScreenName? = when {
        // One that was found again, or is given to somebody else, goes on by a new enrolment; a retired one may finish first.
        !status.enrolled || status.deviceRevoked == RevokeKind.STOLEN -> ScreenName.ENROL
        status.user == null -> ScreenName.SIGN_IN
        status.passwordChangeRequired -> ScreenName.PASSWORD
        else -> when (lock) {
            is LockState.SignInNeeded -> ScreenName.SIGN_IN
            is LockState.NoPin, is LockState.Locked -> ScreenName.APP_PIN
            is LockState.Open -> null
        }
    }
}
