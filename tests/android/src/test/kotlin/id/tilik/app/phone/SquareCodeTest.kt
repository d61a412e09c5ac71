package id.tilik.app.phone

import java.util.Random
import kotlin.math.PI
import kotlin.math.cos
import kotlin.math.floor
import kotlin.math.sin
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/** The square code of an enrolment slip, as the console draws it, seen by a shaking hand in poor light. */
class SquareCodeTest {
    private val rows = checkNotNull(javaClass.getResource("/slip.txt")).readText().trim().lines()
    private val side = rows.size

    @Test
    fun the_slip_reads_straight_and_turned_by_any_angle() {
        for (degrees in 0 until 360 step 15) assertEquals("$degrees°", TEXT, read(photo(degrees, slant = 0.0, seed = 1)))
    }

    @Test
    fun the_slip_reads_at_a_slant_in_shade_and_noise() {
        val read = (0 until 24).count { read(photo(it * 15 + 7, slant = 0.0004, seed = it.toLong(), shade = 0.5, noise = 10.0)) == TEXT }
        assertTrue("$read of 24", read >= 22)
    }

    @Test
    fun a_slip_with_stains_reads_and_one_with_a_hole_does_not_read_wrongly() {
        val random = Random(3)
        for (stains in 0..100 step 4) {
            val dark = BooleanArray(side * side) { rows[it / side][it % side] == '#' }
            repeat(stains) {
                val at = random.nextInt(dark.size)
                if (!Modules(side, dark).isFunction(at % side, at / side)) dark[at] = !dark[at]
            }
            val text = SquareCode.decode(Modules(side, dark))
            if (stains <= 8) assertEquals(TEXT, text) else assertTrue("$text", text == null || text == TEXT)
        }
    }

    @Test
    fun a_wall_is_no_code() {
        val random = Random(5)
        assertNull(read(IntArray(W * H) { random.nextInt(256) * 0x10101 }))
        assertNull(read(IntArray(W * H) { 0x808080 }))
        assertNull(read(IntArray(W * H) { if ((it % W / 9 + it / W / 9) % 2 == 0) 0 else 0xffffff }))
    }

    private fun read(pixels: IntArray): String? =
        SquareFinder(Shades.of(pixels, W, H)).codes().firstNotNullOfOrNull(SquareCode::decode)

    /** The code on white paper before a grey wall. */
    private fun photo(degrees: Int, slant: Double, seed: Long, shade: Double = 0.0, noise: Double = 0.0): IntArray {
        val random = Random(seed)
        val angle = degrees * PI / 180
        val scale = 330.0 / (side + 8)
        return IntArray(W * H) { at ->
            val x = at % W - W / 2 + 0.5
            val y = at / W - H / 2 + 0.5
            val depth = (1 + slant * x - slant / 2 * y) * scale
            val column = floor((x * cos(angle) + y * sin(angle)) / depth + side / 2.0).toInt()
            val row = floor((-x * sin(angle) + y * cos(angle)) / depth + side / 2.0).toInt()
            val isPaper = column in -4 until side + 4 && row in -4 until side + 4
            val isDark = row in 0 until side && column in 0 until side && rows[row][column] == '#'
            val grey = (if (isDark) 30 else if (isPaper) 220 else 140) * (1 - shade * (at % W) / W) + random.nextGaussian() * noise
            grey.toInt().coerceIn(0, 255) * 0x10101
        }
    }

    private companion object {
        const val W = 540
        const val H = 720
        const val TEXT = "tilik enrol v1\nhttps://tilik.kedirikota.go.id\nABCDEFGHJK"
    }
}
