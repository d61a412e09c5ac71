package id.tilik.app

import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import uniffi.tilik_mobile_core.textKeys

/** What the core can say, and whether the app has words for it. */
@RunWith(RobolectricTestRunner::class)
class WordsTest {
    private val context = RuntimeEnvironment.getApplication()

    @Test
    fun `every key of the core has words`() {
        val without = textKeys().filter { key ->
            @Suppress("DiscouragedApi")
            val id = context.resources.getIdentifier(key, "string", context.packageName)
            id == 0 || context.getString(id).isBlank()
        }
        assertEquals(emptyList<String>(), without)
    }
}
