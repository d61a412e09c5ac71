package id.tilik.app.phone

import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.net.NetworkCapabilities
import android.net.NetworkRequest
import android.os.Build
import java.util.concurrent.TimeUnit
import uniffi.tilik_mobile_core.OutboxSummary

/**
 * When the system wakes the app to send. All but the transfer outlive a restart of the phone, so no receiver for the boot
 * is needed.
 */
internal class Jobs(private val context: Context) {
    private val scheduler = context.getSystemService(JobScheduler::class.java)
    private val service = ComponentName(context, SendJob::class.java)

    /** Now and then, to hear what is new. Made once; making it again would begin its time anew. */
    fun regular() {
        if (scheduler.getPendingJob(REGULAR) != null) return
        schedule(
            JobInfo.Builder(REGULAR, service)
                .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
                .setPeriodic(TimeUnit.HOURS.toMillis(1))
                .setPersisted(true),
        )
    }

    /** As soon as there is a network, but not before so many seconds. */
    fun soon(seconds: Long) {
        // To schedule a job that runs would stop it.
        if (SendJob.isRunning(SOON)) return
        val job = JobInfo.Builder(SOON, service)
            .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
            .setBackoffCriteria(TimeUnit.MINUTES.toMillis(1), JobInfo.BACKOFF_POLICY_EXPONENTIAL)
            .setPersisted(true)
        if (seconds > 0) {
            job.setMinimumLatency(TimeUnit.SECONDS.toMillis(seconds))
        } else if (Build.VERSION.SDK_INT >= 31) {
            job.setExpedited(true)
        }
        schedule(job)
    }

    /** As soon as there is a network that costs nothing. */
    fun onWifi() {
        if (SendJob.isRunning(WIFI)) return
        schedule(
            JobInfo.Builder(WIFI, service)
                .setRequiredNetworkType(JobInfo.NETWORK_TYPE_UNMETERED)
                .setPersisted(true),
        )
    }

    /** Now and in sight, for as long as it takes; asked for by the officer, with a screen in view. On the main thread. */
    fun transfer(bytes: Long) {
        if (Build.VERSION.SDK_INT >= 34) {
            if (SendJob.isRunning(TRANSFER)) return
            val network = NetworkRequest.Builder().addCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET).build()
            val isTaken = schedule(
                JobInfo.Builder(TRANSFER, service)
                    .setUserInitiated(true)
                    .setRequiredNetwork(network)
                    .setEstimatedNetworkBytes(JobInfo.NETWORK_BYTES_UNKNOWN.toLong(), bytes),
            )
            if (!isTaken) soon(0)
        } else {
            try {
                context.startForegroundService(Intent(context, TransferService::class.java))
            } catch (_: IllegalStateException) {
                // The app was left before the core had answered; newer phones refuse it then. It goes on out of sight.
                soon(0)
            }
        }
    }

    /** Whether the system took it. */
    private fun schedule(job: JobInfo.Builder): Boolean = try {
        scheduler.schedule(job.build()) == JobScheduler.RESULT_SUCCESS
    } catch (_: IllegalStateException) {
        // More jobs than the system allows, or no room for an expedited one: the regular job comes.
        false
    }

    internal companion object {
        const val REGULAR = 1
        const val SOON = 2
        const val WIFI = 3
        const val TRANSFER = 4
    }
}

/** Bytes of sealed photos that are not on the server yet. */
internal fun bytesLeft(outbox: OutboxSummary): Long = outbox.visits.sumOf { row ->
    row.visit.photos.sumOf { (it.bytes - minOf(it.sentBytes, it.bytes)).toLong() }
}
