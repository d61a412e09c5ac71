package id.tilik.app.phone

import android.app.PendingIntent
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.pm.PackageInstaller
import android.net.Uri
import android.os.Build
import android.os.Handler
import android.os.Looper
import android.provider.Settings
import java.io.File
import java.io.FileInputStream
import java.io.IOException

/**
 * Gives a newer app to the system, which asks the officer. The core has checked the file's hash; the system checks that the
 * one who signed it signed this app too.
 */
class Updates internal constructor(private val context: Context) {
    private val installer = context.packageManager.packageInstaller
    private val main = Handler(Looper.getMainLooper())
    private var waiting: ((Outcome) -> Unit)? = null

    /** What came of it. */
    enum class Outcome {
        /** The officer has said no, or has not answered. */
        CANCELLED,

        /** This phone does not let the app install anything: [permission] is the page where that is changed. */
        NOT_ALLOWED,

        /** The file is no app. */
        BROKEN,

        /** It is another app, or somebody else's. */
        OTHER_SIGNATURE,

        /** It is not newer than this one. */
        OLDER,

        /** No room. */
        NO_ROOM,

        /** It is installed; the system usually ends this process before it can be told. */
        DONE,
    }

    /** The phone's page on which the officer allows this app to install its update. */
    val permission: Intent
        get() = Intent(Settings.ACTION_MANAGE_UNKNOWN_APP_SOURCES, Uri.fromParts("package", context.packageName, null))

    /** Begins to install `file`; the system shows its own question over the screen. On the main thread, as is the answer. */
    fun install(file: String, done: (Outcome) -> Unit) {
        if (!context.packageManager.canRequestPackageInstalls()) {
            done(Outcome.NOT_ALLOWED)
            return
        }
        waiting = done
        Thread({ offer(File(file)) }, "update").start()
    }

    private fun offer(file: File) {
        val refused = look(file)
        if (refused != null) {
            tell(refused)
            return
        }
        val parameters = PackageInstaller.SessionParams(PackageInstaller.SessionParams.MODE_FULL_INSTALL)
        parameters.setAppPackageName(context.packageName)
        parameters.setSize(file.length())
        try {
            val id = installer.createSession(parameters)
            try {
                installer.openSession(id).use { session ->
                    session.openWrite("tilik.apk", 0, file.length()).use { out ->
                        FileInputStream(file).use { it.copyTo(out) }
                        session.fsync(out)
                    }
                    session.commit(answerTo(id).intentSender)
                }
            } catch (error: IOException) {
                installer.abandonSession(id)
                throw error
            }
        } catch (_: IOException) {
            // What the installer writes is a copy: there is hardly another reason.
            tell(Outcome.NO_ROOM)
        } catch (_: SecurityException) {
            tell(Outcome.NOT_ALLOWED)
        }
    }

    /** What can be said before the system is asked, in better words than its own. */
    private fun look(file: File): Outcome? {
        val packages = context.packageManager
        val newer = packages.getPackageArchiveInfo(file.path, 0) ?: return Outcome.BROKEN
        val own = packages.getPackageInfo(context.packageName, 0)
        return when {
            newer.packageName != context.packageName -> Outcome.OTHER_SIGNATURE
            buildNumber(newer) <= buildNumber(own) -> Outcome.OLDER
            else -> null
        }
    }

    private fun answerTo(session: Int): PendingIntent {
        val intent = Intent(context, UpdateAnswers::class.java).setPackage(context.packageName)
        // The system writes its answer into the intent, so it must be open to that; it names its receiver.
        val flags = PendingIntent.FLAG_UPDATE_CURRENT or if (Build.VERSION.SDK_INT >= 31) PendingIntent.FLAG_MUTABLE else 0
        return PendingIntent.getBroadcast(context, session, intent, flags)
    }

    /** What the installer said. */
    internal fun heard(status: Int) = tell(
        when (status) {
            PackageInstaller.STATUS_SUCCESS -> Outcome.DONE
            PackageInstaller.STATUS_FAILURE_ABORTED -> Outcome.CANCELLED
            PackageInstaller.STATUS_FAILURE_BLOCKED -> Outcome.NOT_ALLOWED
            PackageInstaller.STATUS_FAILURE_CONFLICT -> Outcome.OTHER_SIGNATURE
            PackageInstaller.STATUS_FAILURE_STORAGE -> Outcome.NO_ROOM
            else -> Outcome.BROKEN
        },
    )

    private fun tell(outcome: Outcome) {
        main.post {
            waiting?.invoke(outcome)
            waiting = null
        }
    }
}

/** Hears from the installer; not exported, only the system's own pending intent reaches it. */
class UpdateAnswers : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        val status = intent.getIntExtra(PackageInstaller.EXTRA_STATUS, PackageInstaller.STATUS_FAILURE)
        if (status != PackageInstaller.STATUS_PENDING_USER_ACTION) {
            TilikApp.of(context).updates.heard(status)
            return
        }
        val question = if (Build.VERSION.SDK_INT >= 33) {
            intent.getParcelableExtra(Intent.EXTRA_INTENT, Intent::class.java)
        } else {
            @Suppress("DEPRECATION")
            intent.getParcelableExtra(Intent.EXTRA_INTENT) as? Intent
        }
        if (question != null) context.startActivity(question.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    }
}
