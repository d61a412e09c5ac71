package id.tilik.app.screens

import android.app.Activity
import android.content.Intent
import android.os.Bundle

/**
 * What the phone's settings open where other apps have "clear storage": the app's own page of what takes room. Sealed visits
 * that the server does not have lie on this phone alone, and no button of the system's takes them away.
 */
class ManageSpace : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        // A task of its own: the settings' would show our screens among theirs.
        startActivity(Intent(this, MainActivity::class.java).putExtra(MainActivity.STORAGE, true).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
        finish()
    }
}
