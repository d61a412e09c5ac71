package id.tilik.app.phone

import android.content.Context
import android.hardware.GeomagneticField
import android.hardware.Sensor
import android.hardware.SensorEvent
import android.hardware.SensorEventListener
import android.hardware.SensorManager
import android.hardware.display.DisplayManager
import android.location.Location
import android.view.Display
import android.view.Surface
import kotlin.math.cos
import kotlin.math.sin

/** Where the top of the screen points, from true north. Tells at most so often as an arrow can be followed with the eye. */
internal class Compass(private val context: Context) : SensorEventListener {
    private val manager = context.getSystemService(SensorManager::class.java)
    private val displays = context.getSystemService(DisplayManager::class.java)
    private var heard: ((Float) -> Unit)? = null
    private var lost: (() -> Unit)? = null
    private var declination = 0f
    private val turn = FloatArray(9)
    private val onScreen = FloatArray(9)
    private val angles = FloatArray(3)
    private var north = 0.0
    private var east = 0.0

    /** Tells the heading, or once that there is none. */
    fun watch(heard: (Float) -> Unit, lost: () -> Unit) {
        close()
        this.heard = heard
        this.lost = lost
        val sensor = manager.getDefaultSensor(Sensor.TYPE_ROTATION_VECTOR)
            ?: manager.getDefaultSensor(Sensor.TYPE_GEOMAGNETIC_ROTATION_VECTOR)
        if (sensor == null || !manager.registerListener(this, sensor, PERIOD_MICROS)) lost()
    }

    /** Where the phone is: magnetic north is not true north, and by how much depends on the place. */
    fun at(location: Location) {
        declination = GeomagneticField(
            location.latitude.toFloat(),
            location.longitude.toFloat(),
            location.altitude.toFloat(),
            System.currentTimeMillis(),
        ).declination
    }

    /** No longer. */
    fun close() {
        manager.unregisterListener(this)
        heard = null
        lost = null
        north = 0.0
        east = 0.0
    }

    override fun onSensorChanged(event: SensorEvent) {
        SensorManager.getRotationMatrixFromVector(turn, event.values)
        val (x, y) = axes(displays.getDisplay(Display.DEFAULT_DISPLAY)?.rotation ?: Surface.ROTATION_0)
        SensorManager.remapCoordinateSystem(turn, x, y, onScreen)
        SensorManager.getOrientation(onScreen, angles)
        heard?.invoke(smooth(Math.toDegrees(angles[0].toDouble()) + declination))
    }

    override fun onAccuracyChanged(sensor: Sensor?, accuracy: Int) {
        // Beside a motorcycle or an iron fence the needle lies; it says so.
        if (accuracy == SensorManager.SENSOR_STATUS_UNRELIABLE) lost?.invoke()
    }

    /** Directions are smoothed as points of a circle: the middle of 359° and 1° is north. */
    internal fun smooth(degrees: Double): Float {
        val radians = Math.toRadians(degrees)
        val share = if (north == 0.0 && east == 0.0) 1.0 else SHARE
        north += (cos(radians) - north) * share
        east += (sin(radians) - east) * share
        return ((Math.toDegrees(Math.atan2(east, north)) + 360) % 360).toFloat()
    }

    private companion object {
        const val PERIOD_MICROS = 100_000
        const val SHARE = 0.25

        fun axes(rotation: Int): Pair<Int, Int> = when (rotation) {
            Surface.ROTATION_90 -> SensorManager.AXIS_Y to SensorManager.AXIS_MINUS_X
            Surface.ROTATION_180 -> SensorManager.AXIS_MINUS_X to SensorManager.AXIS_MINUS_Y
            Surface.ROTATION_270 -> SensorManager.AXIS_MINUS_Y to SensorManager.AXIS_X
            else -> SensorManager.AXIS_X to SensorManager.AXIS_Y
        }
    }
}
