package id.tilik.app.phone

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.os.SystemClock
import android.provider.Settings
import android.view.View
import android.view.Window
import android.view.WindowManager

/** Not on a screenshot, and not under another app's window, which could lend the officer's finger to it. */
internal fun Window.secure() {
    addFlags(WindowManager.LayoutParams.FLAG_SECURE)
    if (Build.VERSION.SDK_INT >= 31) setHideOverlayWindows(true)
    decorView.filterTouchesWhenObscured = true
}

/**
 * A screen that shows people: never on a screenshot or in the list of recent apps, never under another app's window, and
 * locked when it was left for two minutes.
 */
abstract class SecureActivity : Activity() {
    /** The process. */
    val app: TilikApp
        get() = TilikApp.of(this)

    private val ticket = Desk.Ticket()
    private var asked: ((Boolean, Boolean) -> Unit)? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        window.secure()
        if (Build.VERSION.SDK_INT >= 33) setRecentsScreenshotEnabled(false)
    }

    override fun onStart() {
        super.onStart()
        val left = leftAt
        leftAt = null
        if (left != null && SystemClock.elapsedRealtime() - left >= LOCK_MILLIS) {
            // What was on the screen is not seen again before it is locked.
            window.decorView.visibility = View.INVISIBLE
            app.desk.ask(ticket, work = { it.lock() }, done = { cover() }, failed = { cover() })
        }
    }

    private fun cover() {
        locked()
        // What the lock screen asks is answered before this is, as the desk keeps the order.
        val show = { window.decorView.visibility = View.VISIBLE }
        app.desk.ask(ticket, work = {}, done = { show() }, failed = { show() })
    }

    override fun onStop() {
        // Turning the phone is no leaving.
        if (!isChangingConfigurations) leftAt = SystemClock.elapsedRealtime()
        super.onStop()
    }

    override fun onDestroy() {
        ticket.close()
        super.onDestroy()
    }

    /** The app was away for two minutes or more, and is locked now. */
    protected abstract fun locked()

    /**
     * Asks for permissions; answers at once where there are all. Tells whether all were given, and whether a refusal is for
     * good: then only the phone's own page ([appSettings]) helps.
     */
    fun askPermission(permissions: List<String>, done: (granted: Boolean, forGood: Boolean) -> Unit) {
        val missing = permissions.filterNot(::has)
        if (missing.isEmpty()) {
            done(true, false)
            return
        }
        asked = done
        requestPermissions(missing.toTypedArray(), ASK)
    }

    /** Whether it is granted. */
    fun has(permission: String): Boolean = checkSelfPermission(permission) == PackageManager.PERMISSION_GRANTED

    override fun onRequestPermissionsResult(requestCode: Int, permissions: Array<out String>, grantResults: IntArray) {
        super.onRequestPermissionsResult(requestCode, permissions, grantResults)
        if (requestCode != ASK) return
        val done = asked ?: return
        asked = null
        val refused = permissions.filterNot(::has)
        // An empty answer means that the question went away unanswered.
        val forGood = permissions.isNotEmpty() && refused.any { !shouldShowRequestPermissionRationale(it) }
        done(permissions.isNotEmpty() && refused.isEmpty(), forGood)
    }

    /** Lets the officer choose a file or a place for one; [picked] says which. */
    fun pick(intent: Intent) {
        try {
            @Suppress("DEPRECATION")
            startActivityForResult(intent, PICK)
        } catch (_: ActivityNotFoundException) {
            // Some phones come without the system's file picker.
            picked(null)
        }
    }

    /**
     * What the officer chose; null: nothing. The activity, even the process, may be another than the one that asked: a phone
     * with little memory lets go of it while the file picker is in front.
     */
    protected abstract fun picked(uri: Uri?)

    @Suppress("OVERRIDE_DEPRECATION")
    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        @Suppress("DEPRECATION")
        super.onActivityResult(requestCode, resultCode, data)
        if (requestCode == PICK) picked(if (resultCode == RESULT_OK) data?.data else null)
    }

    /** The phone's page about this app, where permissions are given back. */
    fun appSettings(): Intent =
        Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", packageName, null))

    /** The phone's page on which location is switched on. */
    fun locationSettings(): Intent = Intent(Settings.ACTION_LOCATION_SOURCE_SETTINGS)

    private companion object {
        const val ASK = 1
        const val PICK = 2
        const val LOCK_MILLIS = 2 * 60 * 1000L

        /** When the app was left, by the clock that nobody sets. Of the process: the activity may be made anew. */
        var leftAt: Long? = null
    }
}
