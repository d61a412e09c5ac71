package id.tilik.app.support

import android.Manifest
import android.app.Dialog
import android.os.Bundle
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.widget.AbsListView
import android.widget.EditText
import android.widget.TextView
import id.tilik.app.screens.MainActivity
import id.tilik.app.screens.Screen
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowDialog
import org.robolectric.util.ReflectionHelpers

/** The officer's hand and eye: sees what is on the screen, touches it by its words, waits as a person would. */
internal class Hand(val app: TestApp) {
    private var controller: ActivityController<MainActivity> = Robolectric.buildActivity(MainActivity::class.java)

    val activity: MainActivity get() = controller.get()

    fun open(saved: Bundle? = null): Hand = apply {
        // A phone grants what needs no question when it installs the app.
        shadowOf(app).grantPermissions(Manifest.permission.HIDE_OVERLAY_WINDOWS, Manifest.permission.POST_NOTIFICATIONS)
        controller = Robolectric.buildActivity(MainActivity::class.java).begin(saved)
        settle()
    }

    private fun ActivityController<MainActivity>.begin(saved: Bundle?) =
        if (saved == null) setup() else create(saved).start().restoreInstanceState(saved).postCreate(saved).resume().visible()

    /** Leaves the app, as the home key does. */
    fun leave() {
        controller.pause().stop()
        settle()
    }

    /** Comes back to it. */
    fun comeBack() {
        controller.restart().start().resume()
        settle()
    }

    /** The system takes the process: what the activity wrote down is given to the next one. */
    fun killAndReopen() {
        val saved = Bundle()
        controller.pause().stop().saveInstanceState(saved).destroy()
        settle()
        app.die()
        open(saved)
    }

    /** The activity goes away for good. */
    fun close() {
        controller.pause().stop().destroy()
        settle()
    }

    /** The phone's language, night or letter size is another. */
    fun become(qualifiers: String, fontScale: Float) {
        RuntimeEnvironment.setQualifiers(qualifiers)
        RuntimeEnvironment.setFontScale(fontScale)
        controller.recreate()
        settle()
    }

    /** Until nothing that was asked for is on its way and everything is drawn. */
    fun settle() {
        val end = now() + 30_000
        var quiet = 0
        while (quiet < 3) {
            check(now() < end) { "the app does not come to rest" }
            shadowOf(Looper.getMainLooper()).idle()
            if (app.isQuiet) quiet++ else quiet = 0
            Thread.sleep(5)
        }
        shadowOf(Looper.getMainLooper()).idle()
    }

    /** Waits for something that takes the server. */
    fun until(what: String, seconds: Int = 40, holds: () -> Boolean) {
        val end = now() + seconds * 1000L
        while (true) {
            settle()
            if (holds()) return
            check(now() < end) { "waited in vain for: $what; on the screen: ${texts()}" }
            Thread.sleep(50)
        }
    }

    fun untilSeen(words: String) = until("“$words”") { sees(words) }

    /** The screen that is shown, to show it values that the core cannot be brought to. */
    fun shown(): Screen = ReflectionHelpers.getField(activity, "drawn")

    /** What is in front: a dialog, or the activity. */
    val root: View
        get() = dialog()?.window?.decorView ?: activity.window.decorView

    fun dialog(): Dialog? = ShadowDialog.getLatestDialog()?.takeIf { it.isShowing }

    fun views(from: View = root): List<View> {
        if (from.visibility != View.VISIBLE) return emptyList()
        val group = from as? ViewGroup ?: return listOf(from)
        return listOf(from) + (0 until group.childCount).flatMap { views(group.getChildAt(it)) }
    }

    fun texts(): List<String> = views().mapNotNull { wordsOf(it) }

    fun sees(words: String): Boolean = texts().any { words in it }

    fun field(name: String): EditText {
        val label = views().first { (it as? TextView)?.text?.toString() == name && it !is EditText }
        return views().filterIsInstance<EditText>().firstOrNull { label.labelFor == it.id }
            ?: error("no field “$name” in ${texts()}")
    }

    fun type(name: String, words: String) {
        field(name).setText(words)
        settle()
    }

    /** What can be touched and says this: by its own words or by those within it. */
    fun touchable(words: String): View? {
        val able = views().filter { it.isClickable && it.isEnabled && it !is AbsListView }
        return able.firstOrNull { view -> views(view).any { wordsOf(it) == words } }
            ?: able.firstOrNull { view -> views(view).any { words in wordsOf(it).orEmpty() } }
    }

    fun touch(words: String) {
        val view = touchable(words)
        if (view == null) {
            val row = rowWith(words) ?: error("nothing to touch says “$words”: ${texts()}")
            row()
        } else {
            check(view.performClick()) { "“$words” does nothing" }
        }
        settle()
    }

    /** A row of a list, which takes touches for its children. */
    private fun rowWith(words: String): (() -> Unit)? {
        for (list in views().filterIsInstance<AbsListView>()) {
            for (n in 0 until list.childCount) {
                val row = list.getChildAt(n)
                if (views(row).any { words in wordsOf(it).orEmpty() }) {
                    val position = list.firstVisiblePosition + n
                    return { list.performItemClick(row, position, list.adapter.getItemId(position)) }
                }
            }
        }
        return null
    }

    fun back() {
        @Suppress("DEPRECATION")
        activity.onBackPressed()
        settle()
    }

    private fun now() = System.nanoTime() / 1_000_000

    companion object {
        fun wordsOf(view: View): String? =
            (view as? TextView)?.text?.toString()?.takeIf { it.isNotEmpty() } ?: view.contentDescription?.toString()
    }
}
