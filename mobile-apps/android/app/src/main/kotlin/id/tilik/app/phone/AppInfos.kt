package id.tilik.app.phone

import android.content.Context
import android.content.pm.ApplicationInfo
import android.content.pm.PackageInfo
import android.os.Build
import android.os.Debug
import android.provider.Settings.Global
import java.io.File
import java.io.IOException
import uniffi.tilik_mobile_core.AppInfo

/** The app and the state of the phone, as they are at the start. What the phone does not tell stays null. */
internal fun appInfo(context: Context): AppInfo {
    val own = context.packageManager.getPackageInfo(context.packageName, 0)
    return AppInfo(
        version = own.versionName ?: "0",
        build = buildNumber(own).toString(),
        phoneName = phoneName(Build.MANUFACTURER.orEmpty(), Build.MODEL.orEmpty()),
        devOptions = flag(context, Global.DEVELOPMENT_SETTINGS_ENABLED),
        adb = flag(context, Global.ADB_ENABLED),
        debugger = Debug.isDebuggerConnected(),
        hooked = isHooked(),
        rooted = isRooted(),
    )
}

/** Whether this is a build for development: it may speak to a server on the developer's own machine. */
internal fun isDebuggable(context: Context): Boolean =
    context.applicationInfo.flags and ApplicationInfo.FLAG_DEBUGGABLE != 0

/** The number that every release counts up. */
internal fun buildNumber(info: PackageInfo): Long = if (Build.VERSION.SDK_INT >= 28) {
    info.longVersionCode
} else {
    @Suppress("DEPRECATION")
    info.versionCode.toLong()
}

/** `Xiaomi` and `Redmi 9A` make `Xiaomi Redmi 9A`; a model that names its maker already is left alone. */
internal fun phoneName(maker: String, model: String): String = when {
    model.isEmpty() -> maker
    maker.isEmpty() || model.startsWith(maker, ignoreCase = true) -> model
    else -> "$maker $model"
}

private fun flag(context: Context, name: String): Boolean? = try {
    Global.getInt(context.contentResolver, name) != 0
} catch (_: android.provider.Settings.SettingNotFoundException) {
    null
}

/** Foreign code that the usual tools leave in the process. Not finding any proves nothing; the server weighs it. */
private fun isHooked(): Boolean? = try {
    File("/proc/self/maps").useLines { lines ->
        lines.any { line -> HOOKS.any { line.contains(it, ignoreCase = true) } }
    }
} catch (_: IOException) {
    null
}

private fun isRooted(): Boolean =
    Build.TAGS.orEmpty().contains("test-keys") || SU.any { File(it).exists() }

private val HOOKS = listOf("frida", "xposed", "lspatch", "substrate")
private val SU = listOf("/system/bin/su", "/system/xbin/su", "/sbin/su", "/su/bin/su", "/data/adb/magisk")
