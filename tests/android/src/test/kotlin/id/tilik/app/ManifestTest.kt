package id.tilik.app

import android.Manifest
import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import android.os.Bundle
import android.view.WindowManager
import id.tilik.app.screens.MainActivity
import id.tilik.app.screens.ManageSpace
import id.tilik.app.screens.confirm
import id.tilik.app.screens.parcelables
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowAlertDialog
import org.robolectric.util.ReflectionHelpers

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

    @Before
    fun install() {
        // A phone grants this by itself.
        shadowOf(context).grantPermissions(Manifest.permission.HIDE_OVERLAY_WINDOWS)
    }

    @Test
    fun `the system's own button clears no storage`() {
        assertEquals("id.tilik.app.screens.ManageSpace", context.applicationInfo.manageSpaceActivityName)
        assertTrue("whoever uninstalls is asked whether the data stay", ReflectionHelpers.callInstanceMethod<Boolean>(context.applicationInfo, "hasFragileUserData"))
        val settings = Robolectric.buildActivity(ManageSpace::class.java).create().get()
        assertTrue(settings.isFinishing)
        val opened = Robolectric.buildActivity(MainActivity::class.java, shadowOf(settings).nextStartedActivity).create()
        val kept = Bundle().also { opened.saveInstanceState(it) }
        assertEquals(listOf("TODAY", "STORAGE"), parcelables(kept, "stack").orEmpty().map { it.getString("name") })
        // Asked for twice it is there once.
        opened.newIntent(opened.get().intent)
        val again = Bundle().also { opened.saveInstanceState(it) }
        assertEquals(2, parcelables(again, "stack").orEmpty().size)
    }

    @Test
    fun `no other app's screen can be put on ours, and no question of ours is photographed`() {
        assertNull(own.activities.orEmpty().single { it.exported }.taskAffinity)
        confirm(Robolectric.buildActivity(MainActivity::class.java).setup().get(), R.string.discard_title, R.string.discard_why, R.string.discard) {}
        val asked = checkNotNull(ShadowAlertDialog.getLatestAlertDialog().window)
        assertTrue(asked.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE != 0)
        assertTrue(asked.decorView.filterTouchesWhenObscured)
    }

    @Test
    fun `it is for Android 8 and newer`() {
        assertEquals(26, context.applicationInfo.minSdkVersion)
        assertEquals(34, context.applicationInfo.targetSdkVersion)
    }
}
