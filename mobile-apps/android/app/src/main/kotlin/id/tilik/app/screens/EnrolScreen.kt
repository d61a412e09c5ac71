package id.tilik.app.screens

import android.Manifest
import android.content.Context
import android.os.Bundle
import android.text.InputType
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.FrameLayout
import android.widget.LinearLayout
import id.tilik.app.R
import id.tilik.app.phone.Camera
import id.tilik.app.phone.Settings
import uniffi.tilik_mobile_core.Status

/** Makes this phone one of the city's: the address of its server and a code from the supervisor, typed or from the slip. */
class EnrolScreen(args: Bundle = Bundle()) : Screen(ScreenName.ENROL, args) {
    private var server: Field? = null
    private var code: Field? = null
    private var send: Button? = null
    private var scan: Button? = null
    private var finder: FrameLayout? = null
    private var camera: Camera? = null

    /** As the door it has nothing behind it. */
    override val hasBack: Boolean get() = args.getBoolean(OPENED)

    override fun title(context: Context): CharSequence = context.words(R.string.enrol_title)

    override fun body(context: Context): View {
        val address = Field(
            context, context.words(R.string.enrol_server), InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_URI,
            hint = context.words(R.string.enrol_server_hint),
        )
        val typed = Field(
            context, context.words(R.string.enrol_code),
            InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_CHARACTERS or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS,
        )
        server = address
        code = typed
        address.words = args.getString(SERVER).orEmpty()
        val look = context.button(context.words(R.string.enrol_scan), Tone.PLAIN, R.drawable.ic_camera) { scan() }
        scan = look
        val preview = FrameLayout(context).apply { showIf(false) }
        finder = preview
        val all = context.column(EDGE_DP, context.text(context.words(R.string.enrol_how)), look)
        all.addView(preview, LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, context.dp(260)))
        all.addView(address.view, wide())
        all.addView(typed.view, wide())
        return context.scroll(all.padded())
    }

    override fun foot(context: Context): View =
        context.button(context.words(R.string.enrol_send), Tone.MAIN) { enrol() }.also { send = it }

    /** What the slip or the phone already knows. */
    fun show(serverKnown: String?, codeRead: String?) {
        if (serverKnown != null) server?.words = serverKnown
        if (codeRead != null) code?.words = codeRead
    }

    override fun onShown() {
        if (server?.words.isNullOrEmpty()) show(stage.app.settings.server, null)
        onChanged()
    }

    override fun onHidden() = stopScan()

    override fun save() {
        // The code lets a phone in, so it is not kept; the address is no secret.
        args.putString(SERVER, server?.words)
    }

    override fun onChanged() = ask({ it.status() }) { show(it) }

    /** How the enrolment stands. */
    fun show(status: Status) {
        if (status.enrolled && status.deviceRevoked == null) {
            if (isInFront) done()
            return
        }
        wait(send, R.string.enrol_send, status.busy)
        showProblem(status)
        if (status.lastProblem != null) return
        val context = send?.context ?: return
        if (status.keyLost) say(context.words(R.string.notice_key_lost, status.visitsWaiting.toInt()), Mood.WARN)
        if (status.deviceRevoked != null) revoked(status)
    }

    private fun done() {
        // Home hides this screen, and a hidden screen has no stage.
        val by = stage
        if (args.getBoolean(OPENED)) by.home()
        by.door()
    }

    /** What was sealed before is still sent, and that is said here, where the way to the outbox is closed. */
    private fun revoked(status: Status) {
        val context = send?.context ?: return
        val waiting = context.words(R.string.settings_waiting, status.visitsWaiting.toInt(), status.photosWaiting.toInt())
        say(context.words(R.string.notice_device_revoked) + "\n" + waiting, Mood.WARN)
    }

    private fun enrol() {
        hush()
        val settings = stage.app.settings
        val invitation = settings.readInvitation(code?.words.orEmpty())
        if (invitation == null) return say(stage.activity.words(R.string.enrol_code_wrong))
        val problem = settings.setServer(invitation.server ?: server?.words.orEmpty())
        if (problem != null) return say(stage.activity.words(problem))
        act({ it.enrol(invitation.code) }) {
            stage.app.sender.wake()
            onChanged()
        }
    }

    private fun scan() {
        if (camera != null) return stopScan()
        stage.activity.askPermission(listOf(Manifest.permission.CAMERA)) { granted, forGood ->
            whenInFront { if (granted) startScan() else refused(forGood) }
        }
    }

    private fun refused(forGood: Boolean) {
        val context = stage.activity
        say(context.words(if (forGood) R.string.camera_refused_for_good else R.string.enrol_type_instead))
    }

    private fun startScan() {
        val context = stage.activity
        val eye = stage.app.newCamera()
        camera = eye
        scan?.text = context.words(R.string.enrol_scan_stop)
        finder?.apply {
            removeAllViews()
            addView(eye.preview(context).apply { contentDescription = context.words(R.string.enrol_scanning) })
            showIf(true)
        }
        eye.open(object : Camera.Watcher {
            override fun ready(hasTorch: Boolean) = eye.read(::read)
            override fun unavailable(why: Camera.Unavailable) {
                stopScan()
                say(context.words(why))
            }
            override fun tilted(x: Float, y: Float, z: Float) = Unit
        })
    }

    private fun read(text: String) {
        val invitation = if (isInFront) stage.app.settings.readInvitation(text) else null
        if (invitation == null) return
        stopScan()
        show(invitation.server, invitation.code)
        say(stage.activity.words(R.string.enrol_read), Mood.GOOD)
    }

    private fun stopScan() {
        val eye = camera ?: return
        eye.close()
        camera = null
        finder?.removeAllViews()
        finder?.showIf(false)
        scan?.let { it.text = it.context.words(R.string.enrol_scan) }
    }

    internal companion object {
        private const val SERVER = "server"

        /** Set when it was opened from another screen. */
        private const val OPENED = "opened"

        /** For a phone that was retired and is somebody's again. */
        fun opened() = EnrolScreen(Bundle().apply { putBoolean(OPENED, true) })
    }
}

/** A button that waits for the server says so, and cannot be pressed twice. */
internal fun wait(button: Button?, words: Int, busy: Boolean) {
    if (button == null) return
    button.text = button.context.words(if (busy) R.string.please_wait else words)
    button.allow(!busy)
}

internal fun Context.words(problem: Settings.ServerProblem): String = words(
    when (problem) {
        Settings.ServerProblem.EMPTY -> R.string.server_problem_empty
        Settings.ServerProblem.NOT_HTTPS -> R.string.server_problem_not_https
        Settings.ServerProblem.NOT_AN_ADDRESS -> R.string.server_problem_not_an_address
    },
)

internal fun Context.words(why: Camera.Unavailable): String = words(
    when (why) {
        Camera.Unavailable.NO_PERMISSION -> R.string.camera_no_permission
        Camera.Unavailable.IN_USE -> R.string.camera_in_use
        Camera.Unavailable.NO_CAMERA -> R.string.camera_none
        Camera.Unavailable.FORBIDDEN -> R.string.camera_forbidden
        Camera.Unavailable.BROKEN -> R.string.camera_broken
    },
)
