package id.tilik.app.phone

import android.Manifest
import android.annotation.SuppressLint
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.PackageManager
import android.location.Location
import android.location.LocationListener
import android.location.LocationManager
import android.os.Build
import android.os.Bundle
import android.os.Looper
import android.os.SystemClock
import java.util.concurrent.TimeUnit
import kotlin.math.roundToLong
import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.Place

/**
 * The position by the framework's LocationManager: satellites, network, and from Android 12 on the system's own fusion of
 * both. All that is heard goes to the core, which knows what is good.
 */
internal class PhonePositions(private val context: Context) : Positions {
    private val manager = context.getSystemService(LocationManager::class.java)
    private val compass = Compass(context)
    private var watcher: Positions.Watcher? = null
    private var pace = Positions.Pace.WALKING
    private val listeners = ArrayList<Heard>()

    /** Fixes come for a pin that none of them is good for: a screen that hears one is told again what is off. */
    private var isOffForPin = false
    private var switches: BroadcastReceiver? = null

    override fun watch(pace: Positions.Pace, watcher: Positions.Watcher) {
        close()
        this.watcher = watcher
        this.pace = pace
        // The officer may switch location on in the phone's settings and come back.
        switches = Switches().also {
            context.registerReceiver(it, IntentFilter(LocationManager.PROVIDERS_CHANGED_ACTION))
        }
        compass.watch(watcher::heading, watcher::headingUnknown)
        listen()
    }

    override fun last(): Place? = synchronized(Last) { Last.location }?.let { location ->
        val age = SystemClock.elapsedRealtimeNanos() - location.elapsedRealtimeNanos
        if (age > FRESH_NANOS) null else Place(e7(location.latitude), e7(location.longitude), accuracy(location))
    }

    override fun close() {
        forget()
        switches?.let(context::unregisterReceiver)
        switches = null
        compass.close()
        watcher = null
    }

    @SuppressLint("MissingPermission")
    private fun listen() {
        val watcher = watcher ?: return
        forget()
        if (!mayRoughly()) {
            watcher.unavailable(Positions.Unavailable.NO_PERMISSION)
            return
        }
        if (!mayExactly()) watcher.rough()
        val wanted = providers()
        if (wanted.isEmpty()) {
            watcher.unavailable(Positions.Unavailable.NO_RECEIVER)
            return
        }
        if (wanted.none(manager::isProviderEnabled)) {
            watcher.unavailable(Positions.Unavailable.SWITCHED_OFF)
            return
        }
        // Said, and listened to all the same: for the list a rough fix will do.
        val isOff = isOff(wanted)
        isOffForPin = isOff && pace == Positions.Pace.PIN
        if (isOff) watcher.unavailable(Positions.Unavailable.SWITCHED_OFF)
        val millis = if (pace == Positions.Pace.PIN) 0L else WALKING_MILLIS
        for (provider in wanted) {
            val heard = Heard()
            try {
                manager.requestLocationUpdates(provider, millis, 0f, heard, Looper.getMainLooper())
                listeners.add(heard)
            } catch (_: SecurityException) {
                // Taken back between the two calls.
                forget()
                watcher.unavailable(Positions.Unavailable.NO_PERMISSION)
                return
            }
        }
    }

    private fun forget() {
        listeners.forEach(manager::removeUpdates)
        listeners.clear()
    }

    /** Those that are listened to, as far as the phone has them. The passive one is none: it only repeats what others ask for. */
    private fun providers(): List<String> {
        val there = manager.allProviders
        return buildList {
            if (mayExactly()) add(LocationManager.GPS_PROVIDER)
            add(LocationManager.NETWORK_PROVIDER)
            if (Build.VERSION.SDK_INT >= 31) add(LocationManager.FUSED_PROVIDER)
        }.filter { it in there }
    }

    /** Before Android 9 satellites can be off while the network's positions, which are good for no pin, are on. */
    private fun isOff(wanted: List<String>): Boolean = wanted.none(manager::isProviderEnabled) ||
        (Build.VERSION.SDK_INT < 28 && LocationManager.GPS_PROVIDER in wanted &&
            !manager.isProviderEnabled(LocationManager.GPS_PROVIDER))

    private fun mayExactly() = has(Manifest.permission.ACCESS_FINE_LOCATION)

    private fun mayRoughly() = mayExactly() || has(Manifest.permission.ACCESS_COARSE_LOCATION)

    private fun has(permission: String) =
        context.checkSelfPermission(permission) == PackageManager.PERMISSION_GRANTED

    private fun heard(location: Location) {
        if (location.elapsedRealtimeNanos > 0) synchronized(Last) { Last.location = location }
        compass.at(location)
        watcher?.fix(fixOf(location, System.currentTimeMillis()))
        if (isOffForPin) watcher?.unavailable(Positions.Unavailable.SWITCHED_OFF)
    }

    private inner class Heard : LocationListener {
        override fun onLocationChanged(location: Location) = heard(location)

        // Before Android 11 these have no body of their own.
        override fun onProviderEnabled(provider: String) {}

        override fun onProviderDisabled(provider: String) {
            if (isOff(providers())) watcher?.unavailable(Positions.Unavailable.SWITCHED_OFF)
        }

        @Suppress("OVERRIDE_DEPRECATION")
        override fun onStatusChanged(provider: String?, status: Int, extras: Bundle?) {}
    }

    private inner class Switches : BroadcastReceiver() {
        override fun onReceive(context: Context, intent: Intent) = listen()
    }

    /** What was heard last, by whichever screen. */
    private object Last {
        var location: Location? = null
    }

    internal companion object {
        private const val WALKING_MILLIS = 5000L
        private val FRESH_NANOS = TimeUnit.MINUTES.toNanos(10)

        /** All that the phone says of a fix, in the core's units. */
        fun fixOf(location: Location, nowMillis: Long): Fix = Fix(
            latE7 = e7(location.latitude),
            lonE7 = e7(location.longitude),
            // A fix of unknown accuracy is a poor one, not a perfect one.
            accuracyCm = accuracy(location) ?: UNKNOWN_CM,
            altitudeCm = if (location.hasAltitude()) (location.altitude * 100).roundToLong() else null,
            speedCmS = if (location.hasSpeed()) (location.speed * 100.0).roundToLong() else null,
            bearingCdeg = if (location.hasBearing()) (location.bearing * 100.0).roundToLong() else null,
            provider = location.provider ?: "unknown",
            mock = isMock(location),
            elapsedNs = location.elapsedRealtimeNanos.coerceAtLeast(0).toULong(),
            takenAtMicros = (if (location.time > 0) location.time else nowMillis) * 1000,
        )

        private const val UNKNOWN_CM = 1_000_000L

        private fun e7(degrees: Double): Long = (degrees * 1e7).roundToLong()

        private fun accuracy(location: Location): Long? =
            if (location.hasAccuracy()) (location.accuracy * 100.0).roundToLong() else null

        /** Either word counts: apps that hide the old one have been seen to forget the new one. */
        private fun isMock(location: Location): Boolean {
            @Suppress("DEPRECATION")
            val byOldWord = location.isFromMockProvider
            return byOldWord || (Build.VERSION.SDK_INT >= 31 && location.isMock)
        }
    }
}
