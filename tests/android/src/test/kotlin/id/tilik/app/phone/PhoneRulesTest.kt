package id.tilik.app.phone

import android.util.Size
import java.math.BigInteger
import java.security.KeyPairGenerator
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** What the phone's side reckons by itself, without a phone. */
@RunWith(RobolectricTestRunner::class)
class PhoneRulesTest {
    @Test
    fun an_address_is_taken_as_people_type_it() {
        assertEquals("https://tilik.kedirikota.go.id", good(" tilik.KediriKota.go.id/ "))
        assertEquals("https://tilik.kedirikota.go.id:8443", good("https://tilik.kedirikota.go.id:8443"))
    }

    @Test
    fun an_address_without_encryption_is_refused_but_for_the_developers_own_machine() {
        assertEquals(Settings.ServerProblem.NOT_HTTPS, bad("http://tilik.kedirikota.go.id", local = true))
        assertEquals(Settings.ServerProblem.NOT_HTTPS, bad("http://10.0.2.2:8080", local = false))
        assertEquals("http://10.0.2.2:8080", good("http://10.0.2.2:8080", local = true))
    }

    @Test
    fun what_is_no_address_is_said_to_be_none() {
        assertEquals(Settings.ServerProblem.EMPTY, bad("  "))
        for (typed in listOf("kediri", "https://", "https://a b.id", "https://x.go.id/masuk", "https://x.go.id?a=b", "https://siti@x.go.id", "https://x.go.id:99999")) {
            assertEquals(typed, Settings.ServerProblem.NOT_AN_ADDRESS, bad(typed))
        }
    }

    @Test
    fun a_phones_name_says_its_maker_once() {
        assertEquals("Xiaomi Redmi 9A", phoneName("Xiaomi", "Redmi 9A"))
        assertEquals("OPPO A16", phoneName("OPPO", "OPPO A16"))
        assertEquals("samsung", phoneName("samsung", ""))
    }

    @Test
    fun a_public_key_is_65_bytes_whatever_its_numbers() {
        val pairs = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }
        // One in 128 has a coordinate that begins with a zero byte.
        repeat(600) {
            val key = pairs.generateKeyPair().public as ECPublicKey
            val bytes = Keystore.uncompressed(key)
            assertEquals(65, bytes.size)
            assertEquals(4, bytes[0].toInt())
            assertEquals(key.w.affineX, BigInteger(1, bytes.copyOfRange(1, 33)))
            assertEquals(key.w.affineY, BigInteger(1, bytes.copyOfRange(33, 65)))
        }
    }

    @Test
    fun a_tap_finds_its_place_on_the_sensor() {
        // A phone held upright has its sensor a quarter turn to the right: its left edge is the picture's top.
        assertArrayEquals(floatArrayOf(0f, 1f), Camera2Camera.onSensor(0f, 0f, 90), 0f)
        assertArrayEquals(floatArrayOf(0f, 0f), Camera2Camera.onSensor(1f, 0f, 90), 0f)
        assertArrayEquals(floatArrayOf(1f, 0f), Camera2Camera.onSensor(1f, 1f, 90), 0f)
        assertArrayEquals(floatArrayOf(0.25f, 0.75f), Camera2Camera.onSensor(0.75f, 0.25f, 180), 0f)
        assertArrayEquals(floatArrayOf(0.75f, 0.25f), Camera2Camera.onSensor(0.25f, 0.25f, 270), 0f)
        assertArrayEquals(floatArrayOf(1f, 0f), Camera2Camera.onSensor(3f, -1f, 0), 0f)
    }

    @Test
    fun the_photos_frame_lies_whole_in_the_view() {
        val tall = Camera2Camera.fit(3, 4, 360, 640)
        assertEquals(listOf(0f, 80f, 360f, 560f), listOf(tall.left, tall.top, tall.right, tall.bottom))
        val wide = Camera2Camera.fit(4, 3, 640, 360)
        assertEquals(listOf(80f, 0f, 560f, 360f), listOf(wide.left, wide.top, wide.right, wide.bottom))
    }

    @Test
    fun a_photo_has_pixels_enough_and_no_more() {
        val big = listOf(Size(8160, 6120), Size(4080, 3060), Size(4000, 2250), Size(1920, 1080))
        assertEquals(Size(4080, 3060), Lens.photoSize(big))
        assertEquals(Size(3264, 2448), Lens.photoSize(listOf(Size(3264, 2448), Size(640, 480))))
        // 108 MP only: it cannot be held in memory, but there is no other.
        assertEquals(Size(12000, 9000), Lens.photoSize(listOf(Size(12000, 9000))))
        assertEquals(null, Lens.photoSize(emptyList()))
        assertEquals(Size(1440, 1080), Lens.previewSize(listOf(Size(1920, 1440), Size(1440, 1080), Size(1280, 720)), Size(4080, 3060)))
    }

    @Test
    fun the_turn_of_the_phone_follows_gravity_and_stands_near_a_diagonal() {
        assertEquals(0, Tilt.turned(0f, 9.8f, 90))
        assertEquals(90, Tilt.turned(-9.8f, 0f, 0))
        assertEquals(270, Tilt.turned(9.8f, 0f, 0))
        assertEquals(180, Tilt.turned(0f, -9.8f, 0))
        assertEquals(90, Tilt.turned(-7f, 7f, 90))
        assertEquals(270, Tilt.turned(0.5f, 0.5f, 270))
    }

    @Test
    fun a_key_store_that_fails_once_is_asked_again_and_one_that_fails_always_says_so() {
        var tries = 0
        assertEquals("ya", trying { if (tries++ == 0) throw java.security.ProviderException("sekali") else "ya" })
        var fails = 0
        val failed = runCatching {
            trying {
                fails += 1
                throw java.security.ProviderException("selalu")
            }
        }
        assertTrue(failed.exceptionOrNull() is uniffi.tilik_mobile_core.PortException.Failed)
        assertEquals(3, fails)
    }

    private fun good(typed: String, local: Boolean = false) = (Settings.readServer(typed, local) as Settings.Address.Good).server

    private fun bad(typed: String, local: Boolean = false) = (Settings.readServer(typed, local) as Settings.Address.Bad).why
}
