// Figures as people in the field read them: short, with their unit, in the language of the words beside them.
package id.tilik.app.screens

import android.content.Context
import id.tilik.app.R
import java.text.NumberFormat
import java.text.SimpleDateFormat
import java.util.Calendar
import java.util.Date
import java.util.Locale
import java.util.SimpleTimeZone
import java.util.TimeZone

private val INDONESIAN = Locale("in", "ID")

/** The words are English on a phone that speaks English, and Indonesian on every other. */
private val language: Locale get() = if (Locale.getDefault().language == Locale.ENGLISH.language) Locale.UK else INDONESIAN

/** "350 m", "1,2 km". */
internal fun Context.metres(m: UInt): String =
    if (m < 1000u) words(R.string.unit_metres, m.toInt()) else words(R.string.unit_km, decimal(m.toDouble() / 1000))

/** An accuracy: "± 8 m". */
internal fun Context.accuracy(cm: Long): String = words(R.string.unit_accuracy, ((cm + 99) / 100).toInt())

/** "3,4 MB". */
internal fun Context.bytes(n: ULong): String = when {
    n < 1_000_000uL -> words(R.string.unit_kb, ((n + 999uL) / 1000uL).toInt())
    n < 1_000_000_000uL -> words(R.string.unit_mb, decimal(n.toDouble() / 1e6))
    else -> words(R.string.unit_gb, decimal(n.toDouble() / 1e9))
}

private fun decimal(n: Double): String =
    NumberFormat.getNumberInstance(language).apply { maximumFractionDigits = if (n < 10) 1 else 0 }.format(n)

/** "Sab, 29 Nov 2026 14.05", by the region's time. */
internal fun dateTime(micros: Long): String = date("EEE, d MMM yyyy HH.mm", micros)

/** "29 November 2026". */
internal fun day(micros: Long): String = date("d MMMM yyyy", micros)

/** "November 2026". */
internal fun monthName(year: Int, month: Int): String {
    val at = Calendar.getInstance(language).apply { clear(); set(year, month - 1, 1) }
    return SimpleDateFormat("MMMM yyyy", language).format(at.time)
}

private fun date(pattern: String, micros: Long): String =
    SimpleDateFormat(pattern, language).apply { timeZone = zone }.format(Date(micros / 1000))

/** The region's time, whatever zone the phone is set to. */
private var zone: TimeZone = TimeZone.getDefault()

/** From now on dates are told so many minutes east of UTC. */
internal fun useOffset(minutes: Int) {
    zone = SimpleTimeZone(minutes * 60_000, "region")
}

/** The direction in words, for phones without a compass and for people who do not see the arrow. */
internal fun Context.direction(degrees: Int): String {
    val names = resources.getStringArray(R.array.directions)
    return names[Math.floorMod((degrees + 22) / 45, names.size)]
}

/** A place as navigation apps write it. */
internal fun coordinates(latE7: Long, lonE7: Long): String =
    String.format(Locale.ROOT, "%.5f, %.5f", latE7 / 1e7, lonE7 / 1e7)
