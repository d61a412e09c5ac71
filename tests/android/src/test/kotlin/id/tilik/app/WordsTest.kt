package id.tilik.app

import android.content.Context
import android.content.res.Configuration
import java.util.Locale
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import uniffi.tilik_mobile_core.textKeys

/** What the core can say, and whether the app has words for it, in both of its languages. */
@RunWith(RobolectricTestRunner::class)
class WordsTest {
    private val context = RuntimeEnvironment.getApplication()
    private val indonesian = speaking("in")
    private val english = speaking("en")

    private fun speaking(language: String): Context =
        context.createConfigurationContext(Configuration(context.resources.configuration).apply { setLocale(Locale(language)) })

    /** Every text of the app by its name, plurals and arrays too. */
    private fun all(of: Context): Map<String, List<String>> {
        val words = HashMap<String, List<String>>()
        for (field in R.string::class.java.fields) words[field.name] = listOf(of.getString(field.getInt(null)))
        for (field in R.array::class.java.fields) words[field.name] = of.resources.getStringArray(field.getInt(null)).toList()
        for (field in R.plurals::class.java.fields) words[field.name] = listOf(of.resources.getQuantityText(field.getInt(null), 5).toString())
        return words
    }

    private fun holes(words: List<String>) = words.map { Regex("%(\\d\\$)?[a-z]").findAll(it).map { hole -> hole.value }.sorted().toList() }

    @Test
    fun `every key of the core has words`() {
        val without = textKeys().filter { key ->
            @Suppress("DiscouragedApi")
            val id = context.resources.getIdentifier(key, "string", context.packageName)
            id == 0 || context.getString(id).isBlank()
        }
        assertEquals(emptyList<String>(), without)
    }

    @Test
    fun `both languages say the same things with the same holes`() {
        val ours = all(indonesian)
        val theirs = all(english)
        assertTrue("${ours.size} texts", ours.size > 450)
        assertEquals(ours.mapValues { holes(it.value) }.toSortedMap(), theirs.mapValues { holes(it.value) }.toSortedMap())
        assertEquals(emptyList<String>(), theirs.filter { (_, words) -> words.any(String::isBlank) }.keys.toList())
    }

    @Test
    fun `what is said in English is not left in Indonesian`() {
        // Names, signs and units are the same in both.
        val same = setOf(
            "app_name", "unit_metres", "unit_km", "unit_accuracy", "unit_kb", "unit_mb", "unit_gb", "row_mark", "map_count", "summary_address",
            "row_heading", "row_address", "today_order_neighbourhood", "photo_number_kind", "storage_databases", "network_unmetered",
        )
        val theirs = all(english)
        val left = all(indonesian).filter { (name, words) -> words == theirs[name] }.keys
        assertEquals(same.toSortedSet(), left.toSortedSet())
        assertNotEquals(indonesian.getString(R.string.go_on), english.getString(R.string.go_on))
    }
}
