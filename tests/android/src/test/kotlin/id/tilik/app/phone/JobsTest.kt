package id.tilik.app.phone

import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.content.ContextWrapper
import android.content.Intent
import android.os.Build
import java.io.File
import java.io.FileNotFoundException
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.util.ReflectionHelpers

/** What is handed to the system: jobs that it accepts, and files that nobody else can reach. */
@RunWith(RobolectricTestRunner::class)
class JobsTest {
    private val context: Context = RuntimeEnvironment.getApplication()
    private val scheduler = context.getSystemService(JobScheduler::class.java)
    private val jobs = Jobs(context)

    @Test
    fun the_regular_job_outlives_the_phones_restart() {
        jobs.regular()
        val job = job(Jobs.REGULAR)
        assertTrue(job.isPeriodic && job.isPersisted)
        assertEquals(JobInfo.NETWORK_TYPE_ANY, job.networkType)
    }

    @Test
    fun what_is_to_go_at_once_is_expedited_and_what_has_time_waits() {
        jobs.soon(0)
        assertTrue(job(Jobs.SOON).run { isExpedited && isPersisted })
        jobs.soon(90)
        assertEquals(90_000L, job(Jobs.SOON).run { assertTrue(!isExpedited && isPersisted); minLatencyMillis })
    }

    @Test
    fun a_network_that_costs_nothing_is_waited_for() {
        jobs.onWifi()
        assertEquals(JobInfo.NETWORK_TYPE_UNMETERED, job(Jobs.WIFI).networkType)
    }

    @Test
    fun a_transfer_is_the_officers_own_job() {
        jobs.transfer(5_000_000)
        assertTrue(job(Jobs.TRANSFER).isUserInitiated)
        assertEquals(5_000_000L, job(Jobs.TRANSFER).estimatedNetworkUploadBytes)
    }

    @Test
    fun a_transfer_that_the_system_refuses_goes_on_as_a_job() {
        val left = object : ContextWrapper(context) {
            override fun startForegroundService(service: Intent): ComponentName = throw IllegalStateException("in the background")
        }
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", 33)
        try {
            Jobs(left).transfer(5_000_000)
        } finally {
            ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", 34)
        }
        assertTrue(job(Jobs.SOON).isPersisted)
    }

    @Test
    fun a_shared_file_is_read_only_and_nothing_beside_it_is_reached() {
        val provider = org.robolectric.Robolectric.setupContentProvider(SharedFiles::class.java)
        val shared = File(context.cacheDir, SharedFiles.FOLDER + "/a/titip.tilik").apply { parentFile?.mkdirs(); writeText("isi") }
        val uri = SharedFiles.uriOf(context, shared)
        assertEquals("isi", provider.openFile(uri, "r").use { java.io.FileInputStream(it.fileDescriptor).readBytes().decodeToString() })
        assertThrows(FileNotFoundException::class.java) { provider.openFile(uri, "rw") }
        File(context.cacheDir, "rahasia").writeText("rahasia")
        for (path in listOf("a/../../rahasia", "a/..%2F..%2Frahasia", "../rahasia", "rahasia", "a/b/c")) {
            val other = uri.buildUpon().path(null).encodedPath("/$path").build()
            assertThrows(path, FileNotFoundException::class.java) { provider.openFile(other, "r") }
        }
    }

    private fun job(id: Int): JobInfo = checkNotNull(scheduler.getPendingJob(id))
}
