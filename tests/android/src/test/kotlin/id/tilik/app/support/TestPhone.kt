package id.tilik.app.support

import android.content.Context
import android.graphics.Color
import android.graphics.RectF
import android.view.View
import id.tilik.app.phone.Camera
import id.tilik.app.phone.Positions
import id.tilik.app.phone.Shot
import java.lang.management.ManagementFactory
import java.math.BigInteger
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.time.Instant
import uniffi.tilik_mobile_core.Clock
import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.FreeSpace
import uniffi.tilik_mobile_core.Keys
import uniffi.tilik_mobile_core.MonotonicClock
import uniffi.tilik_mobile_core.Place
import uniffi.tilik_mobile_core.Ports
import uniffi.tilik_mobile_core.Rng
import uniffi.tilik_mobile_core.Signer

/** What a phone lends the core, with a clock and a disk that can be set. The key is one in software. */
internal class TestPhone : Clock, MonotonicClock, Rng, FreeSpace, Signer, Keys {
    /** How far the clock on the wall is off. */
    @Volatile
    var clockOffS = 0L

    @Volatile
    var freeBytes = 8L shl 30

    private val chance = SecureRandom()
    private val secret = ByteArray(32).also(chance::nextBytes)
    private val pair = KeyPairGenerator.getInstance("EC").run {
        initialize(ECGenParameterSpec("secp256r1"))
        generateKeyPair()
    }

    /** The app's own keystore, in the place of the keys in software. */
    var keystore: kotlin.Pair<Signer, Keys>? = null

    fun ports() = Ports(
        clock = this, monotonic = this, rng = this, space = this, signer = keystore?.first ?: this, keys = keystore?.second ?: this,
    )

    override fun wallMicros(): Long = Instant.now().let { it.epochSecond * 1_000_000 + it.nano / 1000 } + clockOffS * 1_000_000

    override fun autoTime(): Boolean = clockOffS == 0L

    override fun elapsedNs(): ULong = (ManagementFactory.getRuntimeMXBean().uptime * 1_000_000).toULong()

    override fun bootId(): String = "percobaan"

    override fun bootCount(): ULong = 1u

    override fun fill(len: UInt): ByteArray = ByteArray(len.toInt()).also(chance::nextBytes)

    override fun freeBytes(): ULong = freeBytes.toULong()

    override fun totalBytes(): ULong = 32uL shl 30

    override fun publicKey(): ByteArray {
        val point = (pair.public as ECPublicKey).w
        return byteArrayOf(4) + whole(point.affineX) + whole(point.affineY)
    }

    override fun sign(message: ByteArray): ByteArray = Signature.getInstance("SHA256withECDSA").run {
        initSign(pair.private)
        update(message)
        sign()
    }

    override fun level(): String = "software"

    override fun databaseKey(): ByteArray = secret

    override fun newDatabaseKey(): ByteArray = error("nothing was lost")

    private fun whole(value: BigInteger): ByteArray = value.toByteArray().let { bytes ->
        val plain = bytes.dropWhile { it == 0.toByte() }
        (List(32 - plain.size) { 0.toByte() } + plain).toByteArray()
    }
}

/** A camera before which a drawn house stands. */
internal class TestCamera(private val phone: TestPhone) : Camera {
    /** What the next photo shows. */
    var scene: ByteArray = ByteArray(0)

    /** Why there is no picture; null: there is one. */
    var unavailable: Camera.Unavailable? = null

    /** Whether it opens and shows no picture until [become] says how it went. */
    var isSlow = false

    /** How many photos were asked for. */
    var asked = 0
        private set
    var isOpen = false
        private set
    var isLit = false
        private set
    private var view: View? = null
    private var watcher: Camera.Watcher? = null
    private var reader: ((String) -> Unit)? = null

    override fun preview(context: Context): View = View(context).apply { setBackgroundColor(Color.rgb(110, 120, 110)) }.also { view = it }

    override fun open(watcher: Camera.Watcher) {
        this.watcher = watcher
        isOpen = true
        view?.post { if (isOpen && !isSlow) tell() }
    }

    private fun tell() {
        val why = unavailable
        if (why != null) {
            watcher?.unavailable(why)
        } else {
            watcher?.ready(hasTorch = true)
            watcher?.tilted(0.1f, 9.79f, 0.3f)
        }
    }

    /** Takes the camera away, or gives it back, while the screen looks. */
    fun become(why: Camera.Unavailable?) {
        unavailable = why
        if (isOpen) tell()
    }

    /** A square code is held before it. */
    fun show(text: String) {
        reader?.invoke(text)
    }

    override fun picture(): RectF = view?.let { RectF(0f, 0f, it.width.toFloat(), it.height.toFloat()) } ?: RectF()

    override fun capture(done: (Shot) -> Unit, failed: (Camera.Unavailable) -> Unit) {
        val why = unavailable
        asked += 1
        view?.post { if (why != null) failed(why) else done(Shot(scene, phone.wallMicros())) }
    }

    override fun torch(on: Boolean) {
        isLit = on
    }

    override fun focusAt(x: Float, y: Float) = Unit

    override fun read(found: (String) -> Unit) {
        reader = found
    }

    override fun close() {
        isOpen = false
        watcher = null
        reader = null
    }
}

/** A receiver that hears what the test says. */
internal class TestPositions(private val phone: TestPhone) : Positions {
    var unavailable: Positions.Unavailable? = null
    var pace: Positions.Pace? = null
        private set
    private var watcher: Positions.Watcher? = null
    private var heard: Place? = null

    override fun watch(pace: Positions.Pace, watcher: Positions.Watcher) {
        this.pace = pace
        this.watcher = watcher
        unavailable?.let(watcher::unavailable)
    }

    override fun last(): Place? = heard

    override fun close() {
        watcher = null
        pace = null
    }

    /** A fix arrives. */
    fun hear(lat: Long, lon: Long, accuracyCm: Long, mock: Boolean = false) {
        heard = Place(latE7 = lat, lonE7 = lon, accuracyCm = accuracyCm)
        watcher?.fix(
            Fix(
                latE7 = lat, lonE7 = lon, accuracyCm = accuracyCm, altitudeCm = null, speedCmS = null, bearingCdeg = null,
                provider = "gps", mock = mock, elapsedNs = phone.elapsedNs(), takenAtMicros = phone.wallMicros(),
            ),
        )
        watcher?.heading(20f)
    }

    /** The position goes away, or was never there. */
    fun become(why: Positions.Unavailable?) {
        unavailable = why
        if (why != null) watcher?.unavailable(why)
    }
}
