package id.tilik.app.support

import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import id.tilik.app.phone.Camera
import id.tilik.app.phone.Desk
import id.tilik.app.phone.Positions
import id.tilik.app.phone.Sender
import id.tilik.app.phone.TilikApp
import id.tilik.app.phone.appInfo
import java.io.File
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowNetworkCapabilities
import org.robolectric.util.ReflectionHelpers
import uniffi.tilik_mobile_core.FieldApp
import uniffi.tilik_mobile_core.Ports

/** The app with everything of its own but what a JVM has not: keystore, camera, receiver. The core is the real one. */
class TestApp : TilikApp() {
    internal val phone = TestPhone()
    internal val camera = TestCamera(phone)
    internal val positions = TestPositions(phone)

    /** Which phone this is; set before anything is asked. */
    internal var phoneName = "hp"
    private val asked = AtomicInteger()

    /** Whether nothing that a screen asked for is still on its way. */
    internal val isQuiet get() = asked.get() == 0

    override fun onCreate() {
        wifi()
        super.onCreate()
    }

    /** A network that leads to the world and costs nothing. */
    private fun wifi() {
        val manager = getSystemService(ConnectivityManager::class.java)
        val can = ShadowNetworkCapabilities.newInstance()
        shadowOf(can).addCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET)
        shadowOf(can).addCapability(NetworkCapabilities.NET_CAPABILITY_NOT_METERED)
        shadowOf(manager).setNetworkCapabilities(manager.activeNetwork, can)
    }

    override fun ports(): Ports = phone.ports()

    override fun newCamera(): Camera = camera

    override fun newPositions(): Positions = positions

    override fun folder() = File(System.getProperty("tilik.phone"), phoneName)

    override fun worker(name: String): Executor {
        val thread = Executors.newSingleThreadExecutor { Thread(it, name).apply { isDaemon = true } }
        return Executor { work ->
            asked.incrementAndGet()
            thread.execute {
                try {
                    work.run()
                } finally {
                    asked.decrementAndGet()
                }
            }
        }
    }

    /** The process dies and begins anew: what is left lies on the disk. No activity is alive. */
    internal fun die() {
        desk.wait { it.close() }
        ReflectionHelpers.getField<MutableList<*>>(this, "mActivityLifecycleCallbacks").clear()
        put("desk", Desk(worker("desk")) { FieldApp.open(folder().path, appInfo(this), ports()) })
        put("sender", Sender(this))
        sender.begin()
    }

    private fun put(name: String, value: Any) {
        val field = TilikApp::class.java.getDeclaredField("$name\$delegate")
        field.isAccessible = true
        field.set(this, lazyOf(value))
    }
}
