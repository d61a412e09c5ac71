package id.tilik.app.phone

import android.app.job.JobParameters
import android.app.job.JobService
import android.os.Build
import java.util.concurrent.ConcurrentHashMap

/** The system wakes the app to send, also when it was closed long ago. */
class SendJob : JobService() {
    private val running = ConcurrentHashMap<Int, Running>()

    override fun onStartJob(parameters: JobParameters): Boolean {
        val app = TilikApp.of(this)
        val job = Running(app, parameters)
        if (parameters.jobId == Jobs.TRANSFER && Build.VERSION.SDK_INT >= 34) {
            job.notice = TransferNotice(this).also {
                setNotification(parameters, TransferNotice.ID, it.first(), JOB_END_NOTIFICATION_POLICY_REMOVE)
            }
        }
        running.put(parameters.jobId, job)?.end()
        RUNNING.add(parameters.jobId)
        app.sender.attach(job)
        return true
    }

    override fun onStopJob(parameters: JobParameters): Boolean {
        RUNNING.remove(parameters.jobId)
        running.remove(parameters.jobId)?.end()
        // What the officer stopped is not begun again by itself; everything else is.
        return Build.VERSION.SDK_INT < 31 || parameters.stopReason != JobParameters.STOP_REASON_USER
    }

    override fun onDestroy() {
        for ((id, job) in running) {
            RUNNING.remove(id)
            job.end()
        }
        running.clear()
        super.onDestroy()
    }

    private inner class Running(private val app: TilikApp, private val parameters: JobParameters) : Sender.Host {
        @Volatile
        var notice: TransferNotice? = null

        fun end() = app.sender.detach(this)

        override fun answered() {
            notice?.tell(app)
        }

        override fun idle(waitS: Long) {
            // Inside a job a short wait is cheaper than being woken again.
            if (waitS <= PATIENCE_S) return
            if (!running.remove(parameters.jobId, this)) return
            RUNNING.remove(parameters.jobId)
            jobFinished(parameters, false)
            // The last host to go plans the next job.
            end()
        }
    }

    internal companion object {
        const val PATIENCE_S = 30L

        /** Jobs that are running in this process. */
        private val RUNNING: MutableSet<Int> = ConcurrentHashMap.newKeySet()

        fun isRunning(job: Int): Boolean = job in RUNNING
    }
}
