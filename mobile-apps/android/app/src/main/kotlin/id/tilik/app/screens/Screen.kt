package id.tilik.app.screens

import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.widget.TextView
import id.tilik.app.R
import id.tilik.app.phone.Desk
import id.tilik.app.phone.SecureActivity
import id.tilik.app.phone.TilikApp
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.FieldApp
import uniffi.tilik_mobile_core.Status
import uniffi.tilik_mobile_core.VisitStep
import uniffi.tilik_protocol.VisitId

/** What a screen may ask of whoever holds it. */
interface Stage {
    val activity: SecureActivity
    val app: TilikApp

    /** Shows another screen; back leads here again. */
    fun open(screen: Screen)

    /** Shows another screen in the place of this one. */
    fun replace(screen: Screen)

    /** The screen before this one. */
    fun back()

    /** Today's list, with `above` on top of it when given. */
    fun home(above: Screen? = null)

    /** Somebody signed in or out, unlocked, enrolled: look again which door is open. */
    fun door()

    /** The app is locked: it opens by its PIN, or by the password of somebody who forgot the PIN. */
    fun unlockBy(password: Boolean)
}

/**
 * One screen: draws a value of the core and forwards what a person does.
 *
 * It is made of a name and arguments that fit into a [Bundle], so that it can be made again after the process died.
 * Everything drawn comes through a `show` function, from the core or from a test.
 */
abstract class Screen(val name: ScreenName, val args: Bundle = Bundle()) {
    private var held: Stage? = null
    private var ticket: Desk.Ticket? = null
    private var message: TextView? = null
    private var banner: View? = null
    private var heading: TextView? = null
    private var later: (() -> Unit)? = null

    /** Whoever holds this screen, while it is shown. */
    protected val stage: Stage get() = checkNotNull(held) { "the screen is not shown" }

    /** Whether this screen is in front and can be acted on. */
    val isInFront: Boolean get() = held != null

    /** What the head says. */
    abstract fun title(context: Context): CharSequence

    /** What is drawn between head and foot. */
    protected abstract fun body(context: Context): View

    /** The main acts, at the bottom, where the thumb is. */
    protected open fun foot(context: Context): View? = null

    /** Signs at the end of the head. */
    protected open fun tools(context: Context): List<View> = emptyList()

    /** Whether the head has an arrow back. */
    protected open val hasBack: Boolean = true

    /** The screen is in front: begin to ask and to listen. */
    protected open fun onShown() = Unit

    /** The screen is not in front any more. */
    protected open fun onHidden() = Unit

    /** Something on the phone changed: ask again. */
    protected open fun onChanged() = Unit

    /** The back key. True: the screen has dealt with it. */
    open fun onBack(): Boolean = false

    /** Writes what was typed into [args], before the process may die. */
    open fun save() = Unit

    /** Whether this is practice: said on every screen of it. */
    var isTraining: Boolean
        get() = args.getBoolean(TRAINING)
        set(value) {
            args.putBoolean(TRAINING, value)
            banner?.showIf(value)
        }

    /** Makes the whole screen. */
    fun view(context: Context): View {
        val head = context.row(0).apply { minimumHeight = context.dp(TOUCH_DP) }
        if (hasBack) {
            head.addView(context.signButton(R.drawable.ic_back, context.words(R.string.back)) { goBack() })
        }
        val words = context.text(title(context), Type.TITLE).apply {
            likeTitle()
            setPadding(context.dp(if (hasBack) 4 else EDGE_DP), context.dp(10), context.dp(8), context.dp(10))
        }
        heading = words
        head.addView(words, rest())
        for (tool in tools(context)) head.addView(tool)
        val training = context.text(context.words(R.string.training_banner), Type.STRONG, R.color.on_training).apply {
            gravity = Gravity.CENTER
            setBackgroundColor(context.colour(R.color.training))
            padded(12, 6)
            showIf(isTraining)
        }
        banner = training
        val said = context.text("", Type.STRONG, R.color.on_bad_soft).apply {
            setBackgroundColor(context.colour(R.color.bad_soft))
            padded(EDGE_DP, 12)
            minimumHeight = context.dp(TOUCH_DP)
            gravity = Gravity.CENTER_VERTICAL
            showIf(false)
            live()
            setOnClickListener { showIf(false) }
        }
        message = said
        return context.column(0, head, training, said).apply {
            setBackgroundColor(context.colour(R.color.ground))
            addView(body(context), restHigh())
            foot(context)?.let { addView(context.column(0, it).padded(EDGE_DP, 12), wide()) }
            paneTitle(title(context))
        }
    }

    /** The screen came to the front. */
    fun shown(by: Stage) {
        held = by
        val fresh = Desk.Ticket()
        ticket = fresh
        by.app.desk.listen(fresh) { if (held != null) onChanged() }
        onShown()
        later?.let { act ->
            later = null
            act()
        }
        useChosen()
    }

    /** Lets the officer choose a file, for [chosen]. What for is kept in [args]: this screen may be made anew meanwhile. */
    protected fun pick(purpose: String, intent: Intent) {
        args.putString(PURPOSE, purpose)
        stage.activity.pick(intent)
    }

    /** The officer chose a file; null: none. It is used when the screen is in front, which may be behind the lock. */
    fun picked(uri: Uri?) {
        if (uri == null) args.remove(PURPOSE) else args.putString(CHOSEN, uri.toString())
        if (isInFront) useChosen()
    }

    /** The file that was chosen, and what for. */
    protected open fun chosen(purpose: String, uri: Uri) = Unit

    private fun useChosen() {
        val purpose = args.getString(PURPOSE) ?: return
        val uri = args.getString(CHOSEN) ?: return
        args.remove(PURPOSE)
        args.remove(CHOSEN)
        chosen(purpose, Uri.parse(uri))
    }

    /** Does something now, or when the screen is in front again: answers of other apps come before that. */
    protected fun whenInFront(act: () -> Unit) {
        if (isInFront) act() else later = act
    }

    /** The screen left the front. */
    fun hidden() {
        if (held == null) return
        onHidden()
        save()
        ticket?.close()
        ticket = null
        held = null
    }

    /** Puts other words into the head. */
    protected fun retitle(context: Context) {
        heading?.text = title(context)
    }

    /** Says something below the head. */
    internal fun say(words: CharSequence, mood: Mood = Mood.BAD) {
        val view = message ?: return
        view.setBackgroundColor(view.context.colour(mood.ground))
        view.setTextColor(view.context.colour(mood.words))
        view.say(words)
    }

    /** Says what the server answered last, when it was no. */
    protected fun showProblem(status: Status) {
        val context = message?.context ?: return
        val problem = status.lastProblem
        val said = if (isInFront) context.words(stage.app.sender.state) else null
        when {
            status.busy -> hush()
            problem != null -> say(said ?: context.problem(problem))
            else -> hush()
        }
    }

    /** Takes the words below the head away. */
    protected fun hush() {
        message?.showIf(false)
    }

    /** The ticket of this showing, for what answers later. */
    protected fun ticket(): Desk.Ticket = checkNotNull(ticket) { "the screen is not shown" }

    /** Asks the core; the answer comes only while this screen is in front. */
    protected fun <T> ask(work: (FieldApp) -> T, done: (T) -> Unit) {
        if (!isInFront) return
        stage.app.desk.ask(ticket(), work, done, ::failed)
    }

    /** Asks the core to change something that other screens show too. */
    protected fun <T> act(work: (FieldApp) -> T, done: (T) -> Unit) {
        hush()
        ask(work) { value ->
            stage.app.desk.touch()
            done(value)
        }
    }

    /** The core said no: in words, or at the door. */
    protected open fun failed(error: CoreException) {
        when (error) {
            is CoreException.Locked -> stage.door()
            else -> say(stage.activity.words(error))
        }
    }

    /**
     * Shows what comes next of a visit, in the place of this screen or above it; `done` is the step that was just done, where
     * the next one depends on it. `stay` is called when it is this screen.
     */
    protected fun goOn(visit: VisitId, inPlace: Boolean = true, done: VisitStep? = null, stay: () -> Unit = {}) {
        ask({ Next(if (done == null) it.nextStep(visit) else it.stepAfter(visit, done), it.draft(visit).training) }) { next ->
            val name = next.step.screen()
            when {
                inPlace && name == this.name -> stay()
                inPlace -> stage.replace(name.of(visit, next.training))
                else -> stage.open(name.of(visit, next.training))
            }
        }
    }

    private class Next(val step: VisitStep, val training: Boolean)

    private fun goBack() {
        if (isInFront && !onBack()) stage.back()
    }

    internal companion object {
        const val TRAINING = "training"
        const val VISIT = "visit"
        const val CASE = "case"
        private const val PURPOSE = "purpose"
        private const val CHOSEN = "chosen"
    }
}

/** Every screen by its name: the name and its arguments are what is kept when the process dies. */
enum class ScreenName {
    ENROL, SIGN_IN, APP_PIN, PASSWORD, TODAY, CASE, MAP, CAMERA, PIN, PLACE_PIN, NOTICE, QUESTIONS, WHY_NOT, SUMMARY, SEALED,
    FINDING, OUTBOX, OUTBOX_VISIT, CARRY, SETTINGS, STORAGE, REPORT, UPDATE, SIGN_OUT;

    /** Makes the screen. */
    fun screen(args: Bundle): Screen = when (this) {
        ENROL -> EnrolScreen(args)
        SIGN_IN -> SignInScreen(args)
        APP_PIN -> AppPinScreen(args)
        PASSWORD -> PasswordScreen(args)
        TODAY -> TodayScreen(args)
        CASE -> CaseScreen(args)
        MAP -> MapScreen(args)
        CAMERA -> CameraScreen(args)
        PIN -> PinScreen(args)
        PLACE_PIN -> PlacePinScreen(args)
        NOTICE -> NoticeScreen(args)
        QUESTIONS -> QuestionsScreen(args)
        WHY_NOT -> WhyNotScreen(args)
        SUMMARY -> SummaryScreen(args)
        SEALED -> SealedScreen(args)
        FINDING -> FindingScreen(args)
        OUTBOX -> OutboxScreen(args)
        OUTBOX_VISIT -> OutboxVisitScreen(args)
        CARRY -> CarryScreen(args)
        SETTINGS -> SettingsScreen(args)
        STORAGE -> StorageScreen(args)
        REPORT -> ReportScreen(args)
        UPDATE -> UpdateScreen(args)
        SIGN_OUT -> SignOutScreen(args)
    }

    /** Makes the screen for a visit. */
    internal fun of(visit: VisitId, training: Boolean): Screen = screen(
        Bundle().apply {
            putString(Screen.VISIT, visit)
            putBoolean(Screen.TRAINING, training)
        },
    )
}

/** Where a step of a visit is done. */
internal fun VisitStep.screen(): ScreenName = when (this) {
    VisitStep.PHOTO -> ScreenName.CAMERA
    VisitStep.PIN -> ScreenName.PIN
    VisitStep.NOTICE -> ScreenName.NOTICE
    VisitStep.QUESTIONS -> ScreenName.QUESTIONS
    VisitStep.WHY_NOT -> ScreenName.WHY_NOT
    VisitStep.SUMMARY -> ScreenName.SUMMARY
}
