package id.tilik.app.phone

import android.app.Service
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.Build
import android.os.Handler
import android.os.IBinder
import android.os.Looper
import android.os.PowerManager

/** A long transfer in sight, on phones before Android 14; from there on a job of the officer's own does it. */
class TransferService : Service(), Sender.Host {
    private val main = Handler(Looper.getMainLooper())
    private val notice by lazy { TransferNotice(this) }
    private var awake: PowerManager.WakeLock? = null

    /** The last start: whoever asks again while this one ends is not ended with it. */
    @Volatile
    private var last = 0

    override fun onBind(intent: Intent?): IBinder? = null

    override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
        last = startId
        try {
            comeInSight()
        } catch (_: IllegalStateException) {
            // Refused, as the app was left meanwhile: a job goes on out of sight.
            Jobs(this).soon(0)
            stopSelf(startId)
            return START_NOT_STICKY
        }
        if (awake == null) {
            // A service in sight keeps the process, not the processor.
            awake = getSystemService(PowerManager::class.java)
                .newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, "tilik:transfer")
                .apply { acquire(LONGEST_MILLIS) }
        }
        TilikApp.of(this).sender.attach(this)
        // Killed by the system, the jobs go on; to begin again by itself is not allowed on newer phones.
        return START_NOT_STICKY
    }

    private fun comeInSight() {
        if (Build.VERSION.SDK_INT >= 29) {
            startForeground(TransferNotice.ID, notice.first(), ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
        } else {
            startForeground(TransferNotice.ID, notice.first())
        }
    }

    override fun answered() = notice.tell(TilikApp.of(this))

    override fun idle(waitS: Long) {
        val ended = last
        if (waitS > SendJob.PATIENCE_S) main.post { stopSelf(ended) }
    }

    override fun onDestroy() {
        TilikApp.of(this).sender.detach(this)
        awake?.run { if (isHeld) release() }
        awake = null
        super.onDestroy()
    }

    private companion object {
        /** A day's photos on 64 kbit/s; what is left then is sent by jobs. */
        const val LONGEST_MILLIS = 6L * 60 * 60 * 1000
    }
}
