package id.tilik.app

import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

/** The manifest as the system reads it out of the linked APK. */
@RunWith(RobolectricTestRunner::class)
class ManifestTest {
    private val context = RuntimeEnvironment.getApplication()
    private val packages = context.packageManager
    private val own = packages.getPackageInfo(
        context.packageName,
        PackageManager.GET_ACTIVITIES or PackageManager.GET_SERVICES or PackageManager.GET_RECEIVERS or PackageManager.GET_PROVIDERS,
    )

    @Test
    fun `only the launcher's activity can be called from outside`() {
        val components = own.activities.orEmpty().toList() + own.services.orEmpty() + own.receivers.orEmpty() + own.providers.orEmpty()
        assertEquals(listOf("id.tilik.app.screens.MainActivity"), components.filter { it.exported }.map { it.name })
        assertEquals("id.tilik.app.screens.MainActivity", packages.getLaunchIntentForPackage(context.packageName)?.component?.className)
    }

    @Test
    fun `every component is there`() {
        val components = own.activities.orEmpty().toList() + own.services.orEmpty() + own.receivers.orEmpty() + own.providers.orEmpty()
        for (component in components) assertNotNull(javaClass.classLoader!!.loadClass(component.name))
    }

    @Test
    fun `nothing is backed up and nothing goes in clear`() {
        val flags = context.applicationInfo.flags
        assertEquals(0, flags and ApplicationInfo.FLAG_ALLOW_BACKUP)
        assertEquals(0, flags and ApplicationInfo.FLAG_USES_CLEARTEXT_TRAFFIC)
    }

    @Test
    fun `it is for Android 8 and newer`() {
        assertEquals(26, context.applicationInfo.minSdkVersion)
        assertEquals(34, context.applicationInfo.targetSdkVersion)
    }
}
