// Calls that Android 8 does not have, each behind its version. Nothing else of this package needs a newer Android.
package id.tilik.app.screens

import android.Manifest
import android.app.Activity
import android.os.Build
import android.os.Bundle
import android.view.View
import android.window.OnBackInvokedDispatcher
import id.tilik.app.phone.SecureActivity

/** Tells screen readers that a section begins here. */
internal fun View.markHeading() {
    if (Build.VERSION.SDK_INT >= 28) isAccessibilityHeading = true
}

/** What screen readers say when this comes to the front. */
internal fun View.paneTitle(words: CharSequence) {
    if (Build.VERSION.SDK_INT >= 28) accessibilityPaneTitle = words
}

/** The back key and the back gesture of Android 13 on; before, the activity is told by `onBackPressed`. */
internal fun Activity.catchBack(back: () -> Unit) {
    if (Build.VERSION.SDK_INT >= 33) {
        onBackInvokedDispatcher.registerOnBackInvokedCallback(OnBackInvokedDispatcher.PRIORITY_DEFAULT) { back() }
    }
}

/** The bundles kept under a name. */
internal fun parcelables(from: Bundle, name: String): List<Bundle>? =
    if (Build.VERSION.SDK_INT >= 33) {
        from.getParcelableArrayList(name, Bundle::class.java)
    } else {
        @Suppress("DEPRECATION")
        from.getParcelableArrayList(name)
    }

/** Whether it was asked since the app began. */
private var hasAskedToShowProgress = false

/** Asks once whether the progress of sending may be shown above the other apps; a no changes nothing but that. */
internal fun askToShowProgress(activity: SecureActivity, done: () -> Unit) {
    if (Build.VERSION.SDK_INT >= 33 && !hasAskedToShowProgress) {
        hasAskedToShowProgress = true
        activity.askPermission(listOf(Manifest.permission.POST_NOTIFICATIONS)) { _, _ -> done() }
    } else {
        done()
    }
}
