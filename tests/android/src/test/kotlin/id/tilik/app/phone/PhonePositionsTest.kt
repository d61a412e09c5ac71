package id.tilik.app.phone

import android.Manifest
import android.app.Application
import android.location.Location
import android.location.LocationManager
import android.os.Build
import android.os.Looper
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.util.ReflectionHelpers
import uniffi.tilik_mobile_core.Fix

/** What is said when location is off, by half or whole. */
@RunWith(RobolectricTestRunner::class)
class PhonePositionsTest {
    private val app: Application = RuntimeEnvironment.getApplication()
    private val manager = app.getSystemService(LocationManager::class.java)
    private val said = ArrayList<String>()
    private val positions = PhonePositions(app)
    private val watcher = object : Positions.Watcher {
        override fun fix(fix: Fix) {
            said.add(fix.provider)
        }

        override fun heading(degrees: Float) = Unit

        override fun unavailable(why: Positions.Unavailable) {
            said.add(why.name)
        }
    }

    @Before
    fun begin() {
        shadowOf(app).grantPermissions(Manifest.permission.ACCESS_FINE_LOCATION, Manifest.permission.ACCESS_COARSE_LOCATION)
        for (provider in manager.allProviders) shadowOf(manager).setProviderEnabled(provider, provider == LocationManager.PASSIVE_PROVIDER)
    }

    @After
    fun end() {
        positions.close()
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", 34)
    }

    @Test
    fun the_passive_provider_is_no_position() {
        positions.watch(Positions.Pace.WALKING, watcher)
        assertEquals(listOf("SWITCHED_OFF"), said)
    }

    @Test
    fun satellites_that_are_off_are_said_and_the_network_is_heard() {
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", 27)
        shadowOf(manager).setProviderEnabled(LocationManager.NETWORK_PROVIDER, true)
        positions.watch(Positions.Pace.PIN, watcher)
        shadowOf(Looper.getMainLooper()).idle()
        assertEquals(listOf("SWITCHED_OFF"), said.distinct())
        said.clear()
        val rough = Location(LocationManager.NETWORK_PROVIDER).apply {
            latitude = -7.8
            longitude = 112.0
            accuracy = 800f
        }
        shadowOf(manager).simulateLocation(LocationManager.NETWORK_PROVIDER, rough)
        shadowOf(Looper.getMainLooper()).idle()
        assertEquals(listOf("network", "SWITCHED_OFF"), said)
    }
}
