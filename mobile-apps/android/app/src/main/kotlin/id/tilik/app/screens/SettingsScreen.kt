package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.widget.LinearLayout
import id.tilik.app.R
import uniffi.tilik_mobile_core.Status

/** Everything that is not a visit. */
class SettingsScreen(args: Bundle = Bundle()) : Screen(ScreenName.SETTINGS, args) {
    private var column: LinearLayout? = null

    override fun title(context: Context): CharSequence = context.words(R.string.settings_title)

    override fun body(context: Context): View = context.scroll(context.column(GAP_DP).padded().also { column = it })

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ it.status() }) { show(it) }

    /** Who is signed in, and where it leads from here. */
    fun show(status: Status) {
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        val who = context.column(2, context.text(context.words(R.string.settings_who, status.username.orEmpty()), Type.NAME))
        status.lastSyncAt?.let { who.addView(context.text(context.words(R.string.last_sync, dateTime(it)), Type.NOTE), wide()) }
        all.addView(who.padded(0, 4), wide())
        fun lead(words: Int, sign: Int, note: String? = null, screen: () -> Screen) =
            all.addView(context.lead(context.words(words), note, sign) { stage.open(screen()) }, wide())
        val waiting = context.words(R.string.settings_waiting, status.visitsWaiting.toInt(), status.photosWaiting.toInt())
        lead(R.string.outbox_title, R.drawable.ic_outbox, waiting) { OutboxScreen() }
        lead(R.string.report_title, R.drawable.ic_draft) { ReportScreen() }
        lead(R.string.storage_title, R.drawable.ic_settings) { StorageScreen() }
        lead(R.string.update_title, R.drawable.ic_add, context.words(R.string.settings_version, version(context))) { UpdateScreen() }
        lead(R.string.password_title, R.drawable.ic_safe) { PasswordScreen.opened() }
        lead(R.string.app_pin_change, R.drawable.ic_safe) { AppPinScreen.anew() }
        lead(R.string.sign_out_title, R.drawable.ic_away) { SignOutScreen() }
    }

    private fun version(context: Context): String =
        context.packageManager.getPackageInfo(context.packageName, 0).versionName.orEmpty()
}
