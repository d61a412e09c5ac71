package id.tilik.app.phone

import android.content.Context
import android.hardware.Sensor
import android.hardware.SensorEvent
import android.hardware.SensorEventListener
import android.hardware.SensorManager
import kotlin.math.abs

/** Where down is. Phones without a gravity sensor have an accelerometer, whose trembling is smoothed here. */
internal class Tilt(context: Context) : SensorEventListener {
    private val manager = context.getSystemService(SensorManager::class.java)
    private var heard: ((Float, Float, Float) -> Unit)? = null
    private var isSmooth = false
    private val last = FloatArray(3)
    private var has = false

    @Volatile
    private var upright = 0

    /** Tells gravity in m/s² along the phone's axes, about ten times a second. */
    fun watch(heard: (Float, Float, Float) -> Unit) {
        close()
        val sensor = manager.getDefaultSensor(Sensor.TYPE_GRAVITY) ?: manager.getDefaultSensor(Sensor.TYPE_ACCELEROMETER)
        this.heard = heard
        isSmooth = sensor?.type == Sensor.TYPE_GRAVITY
        has = false
        if (sensor != null) manager.registerListener(this, sensor, PERIOD_MICROS)
    }

    /** No longer. */
    fun close() {
        manager.unregisterListener(this)
        heard = null
    }

    /** How far the phone is turned clockwise from upright: 0, 90, 180 or 270. What it was last, while it lies flat. */
    fun degrees(): Int = upright

    override fun onSensorChanged(event: SensorEvent) = hear(event.values[0], event.values[1], event.values[2])

    override fun onAccuracyChanged(sensor: Sensor?, accuracy: Int) {}

    internal fun hear(x: Float, y: Float, z: Float) {
        val share = if (isSmooth || !has) 1f else SHARE
        last[0] += (x - last[0]) * share
        last[1] += (y - last[1]) * share
        last[2] += (z - last[2]) * share
        has = true
        upright = turned(last[0], last[1], upright)
        heard?.invoke(last[0], last[1], last[2])
    }

    internal companion object {
        private const val PERIOD_MICROS = 100_000
        private const val SHARE = 0.2f

        /** Less than this across the screen, and the phone lies flat. */
        private const val FLAT = 3f

        /** What gravity says of the turn; near a diagonal, and lying flat, the last one stands. */
        fun turned(x: Float, y: Float, last: Int): Int = when {
            abs(x) < FLAT && abs(y) < FLAT -> last
            y > 0 && y > 1.3f * abs(x) -> 0
            y < 0 && -y > 1.3f * abs(x) -> 180
            x < 0 && -x > 1.3f * abs(y) -> 90
            x > 0 && x > 1.3f * abs(y) -> 270
            else -> last
        }
    }
}
