package id.tilik.app.phone

import id.tilik.app.support.MemoryKeys
import java.io.File
import java.security.ProviderException
import java.security.UnrecoverableKeyException
import java.security.interfaces.ECPublicKey
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import uniffi.tilik_mobile_core.PortException

/** No key is taken for lost, and none is written over, because a keystore had a bad moment. */
@RunWith(RobolectricTestRunner::class)
class KeysTest {
    @get:Rule
    val disk = TemporaryFolder()

    private val system = MemoryKeys()
    private val folder by lazy { disk.root }

    /** What a start of the app finds in this boot. */
    private fun start(boot: String = "1") = Start(boot)

    private inner class Start(boot: String) {
        val store = Keystore(system, folder, boot, File::writeBytes)
        val keys = DatabaseKey(store, folder, boot, File::writeBytes)
    }

    @Test
    fun the_database_key_is_the_same_at_every_start() {
        val key = start().keys.databaseKey()
        assertEquals(32, key.size)
        assertArrayEquals(key, start("2").keys.databaseKey())
    }

    @Test
    fun a_keystore_that_cannot_look_loses_nothing_in_any_boot() {
        val key = start().keys.databaseKey()
        system.isBlind = true
        for (boot in listOf("1", "2", "3")) {
            assertThrows(PortException.Failed::class.java) { start(boot).keys.databaseKey() }
        }
        system.isBlind = false
        assertArrayEquals(key, start("3").keys.databaseKey())
    }

    @Test
    fun an_unknown_error_loses_the_key_only_in_another_boot() {
        val key = start().keys.databaseKey()
        system.trouble = UnrecoverableKeyException("apa saja")
        repeat(2) { assertThrows(PortException.Failed::class.java) { start("1").keys.databaseKey() } }
        // Had once more in between: what was feared before does not count.
        system.trouble = null
        assertArrayEquals(key, start("1").keys.databaseKey())
        system.trouble = UnrecoverableKeyException("apa saja")
        assertThrows(PortException.Failed::class.java) { start("2").keys.databaseKey() }
        assertThrows(PortException.Lost::class.java) { start("3").keys.databaseKey() }
        system.trouble = ProviderException("sibuk")
        assertThrows(PortException.Failed::class.java) { start("4").keys.databaseKey() }
    }

    @Test
    fun another_database_key_leaves_the_old_one_where_it_is() {
        val old = start().keys.databaseKey()
        val wrapping = system.secrets.getValue("tilik.database")
        val kept = File(folder, "database.key").readBytes()
        system.secrets.remove("tilik.database")
        assertThrows(PortException.Failed::class.java) { start("1").keys.databaseKey() }
        val second = start("2")
        assertThrows(PortException.Lost::class.java) { second.keys.databaseKey() }
        val new = second.keys.newDatabaseKey()
        assertFalse(old.contentEquals(new))
        assertArrayEquals(new, start("2").keys.databaseKey())
        assertArrayEquals(kept, File(folder, "database.key.1").readBytes())
        assertEquals(setOf("tilik.database.2"), system.secrets.keys)
        // A third one; and the keystore finds the first again.
        system.secrets["tilik.database"] = wrapping
        start("2").keys.newDatabaseKey()
        assertEquals(setOf("tilik.database", "tilik.database.2", "tilik.database.3"), system.secrets.keys)
        assertEquals(wrapping, system.secrets["tilik.database"])
        assertTrue(File(folder, "database.key.2").exists())
    }

    @Test
    fun a_key_that_an_older_app_put_aside_is_not_written_over() {
        File(folder, "database.key.lost").writeText("lama")
        start().keys.databaseKey()
        assertEquals(setOf("tilik.database.2"), system.secrets.keys)
    }

    @Test
    fun the_signing_key_is_made_once_however_the_keystore_looks() {
        val key = start().store.publicKey()
        system.isBlind = true
        assertArrayEquals(key, start().store.publicKey())
        for (boot in listOf("1", "2")) {
            assertThrows(PortException.Failed::class.java) { system.blindly { start(boot).store.sign(ByteArray(1)) } }
        }
        assertEquals(setOf("tilik.signing"), system.pairs.keys)
    }

    @Test
    fun a_signing_key_that_is_gone_in_two_boots_is_followed_by_another() {
        val key = start().store.publicKey()
        system.pairs.clear()
        repeat(2) { assertThrows(PortException.Failed::class.java) { start("1").store.sign(ByteArray(1)) } }
        val phone = start("2")
        phone.store.sign(ByteArray(1))
        assertFalse(key.contentEquals(phone.store.publicKey()))
        assertArrayEquals(phone.store.publicKey(), start("3").store.publicKey())
        assertEquals(setOf("tilik.signing.2"), system.pairs.keys)
    }

    @Test
    fun a_signing_key_from_before_the_marker_is_found_and_noted() {
        system.makeSigning("tilik.signing", inStrongBox = false)
        val pair = system.pairs.getValue("tilik.signing")
        system.isBlind = true
        assertThrows(PortException.Failed::class.java) { start().store.publicKey() }
        system.isBlind = false
        assertArrayEquals(Keystore.uncompressed(pair.public as ECPublicKey), start().store.publicKey())
        assertEquals("tilik.signing", File(folder, "signing.alias").readText())
        assertEquals(mapOf("tilik.signing" to pair), system.pairs)
    }

    @Test
    fun a_new_enrolment_signs_with_another_key_and_keeps_the_old_one() {
        val phone = start()
        phone.keys.databaseKey()
        val key = phone.store.publicKey()
        phone.keys.newDatabaseKey()
        val other = phone.store.publicKey()
        assertFalse(key.contentEquals(other))
        assertArrayEquals(other, start().store.publicKey())
        assertEquals(setOf("tilik.signing", "tilik.signing.2"), system.pairs.keys)
    }
}
