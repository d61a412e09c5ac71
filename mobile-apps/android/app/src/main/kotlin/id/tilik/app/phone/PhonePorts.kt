package id.tilik.app.phone

import android.content.Context
import android.os.StatFs
import android.os.SystemClock
import android.provider.Settings.Global
import java.io.File
import java.io.IOException
import java.security.SecureRandom
import uniffi.tilik_mobile_core.Clock
import uniffi.tilik_mobile_core.FreeSpace
import uniffi.tilik_mobile_core.MonotonicClock
import uniffi.tilik_mobile_core.Ports
import uniffi.tilik_mobile_core.Rng

/** All ports, as this phone has them. */
internal fun phonePorts(context: Context): Ports {
    val folder = File(context.noBackupFilesDir, "keys")
    val boots = BootClock(context)
    val boot = boots.bootCount()?.toString() ?: boots.bootId()
    val keystore = Keystore(AndroidSystemKeys(context), folder, boot)
    return Ports(
        clock = WallClock(context),
        monotonic = boots,
        rng = Chance(),
        space = Disk(context.noBackupFilesDir),
        signer = keystore,
        keys = DatabaseKey(keystore, folder, boot),
    )
}

/** The clock on the status bar. */
internal class WallClock(private val context: Context) : Clock {
    override fun wallMicros(): Long = System.currentTimeMillis() * 1000

    override fun autoTime(): Boolean? = when (Global.getInt(context.contentResolver, Global.AUTO_TIME, -1)) {
        0 -> false
        1 -> true
        else -> null
    }
}

/** The clock that counts from the boot on, also while the phone sleeps. */
internal class BootClock(private val context: Context) : MonotonicClock {
    private val count: Int? =
        Global.getInt(context.contentResolver, Global.BOOT_COUNT, -1).takeIf { it >= 0 }

    /** Does not change while the process lives. Where the kernel's own name of the boot is hidden, its number says as much. */
    private val boot: String = try {
        File("/proc/sys/kernel/random/boot_id").readText().trim()
    } catch (_: IOException) {
        "boot-${count ?: bootMinute()}"
    }

    override fun elapsedNs(): ULong = SystemClock.elapsedRealtimeNanos().toULong()

    override fun bootId(): String = boot

    override fun bootCount(): ULong? = count?.toULong()

    /** The last resort: another minute of the boot may also be a clock that was set, and is then taken for another boot. */
    private fun bootMinute(): Long = (System.currentTimeMillis() - SystemClock.elapsedRealtime()) / 60_000
}

/** Chance from the system. */
internal class Chance : Rng {
    private val source = SecureRandom()

    override fun fill(len: UInt): ByteArray = ByteArray(len.toInt()).also(source::nextBytes)
}

/** The disk that holds `folder`. */
internal class Disk(private val folder: File) : FreeSpace {
    override fun freeBytes(): ULong = StatFs(folder.path).availableBytes.toULong()

    override fun totalBytes(): ULong = StatFs(folder.path).totalBytes.toULong()
}
