package id.tilik.app.phone

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.os.SystemClock
import id.tilik.app.R
import uniffi.tilik_mobile_core.CoreException

/** What a long transfer shows while it runs. Counts, no names: notifications are seen by bystanders. */
internal class TransferNotice(private val context: Context) {
    private val manager = context.getSystemService(NotificationManager::class.java)
    private var most = 0
    private var toldAt = 0L

    init {
        val channel = NotificationChannel(
            CHANNEL,
            context.getString(R.string.service_transfer_channel),
            NotificationManager.IMPORTANCE_LOW,
        )
        channel.setShowBadge(false)
        manager.createNotificationChannel(channel)
    }

    /** Before anything is counted. */
    fun first(): Notification = build(null)

    /** Counts again, at most once a second. Not on the main thread. */
    fun tell(app: TilikApp) {
        val now = SystemClock.elapsedRealtime()
        synchronized(this) {
            if (now - toldAt < 1000) return
            toldAt = now
        }
        try {
            val left = app.desk.wait { it.status() }.photosWaiting.toInt()
            manager.notify(ID, build(left))
        } catch (_: CoreException) {
            // The old count stands.
        }
    }

    private fun build(left: Int?): Notification {
        if (left != null) most = maxOf(most, left)
        val text = if (left == null) {
            context.getString(R.string.service_transfer_begins)
        } else {
            context.resources.getQuantityString(R.plurals.service_transfer_left, left, left)
        }
        val open = context.packageManager.getLaunchIntentForPackage(context.packageName)?.let {
            PendingIntent.getActivity(context, 0, it, PendingIntent.FLAG_IMMUTABLE)
        }
        return Notification.Builder(context, CHANNEL)
            .setSmallIcon(R.drawable.service_transfer)
            .setContentTitle(context.getString(R.string.service_transfer_title))
            .setContentText(text)
            .setProgress(most, most - (left ?: 0), left == null)
            .setContentIntent(open)
            .setCategory(Notification.CATEGORY_PROGRESS)
            .setOnlyAlertOnce(true)
            .setOngoing(true)
            .build()
    }

    internal companion object {
        const val ID = 1
        private const val CHANNEL = "transfer"
    }
}
