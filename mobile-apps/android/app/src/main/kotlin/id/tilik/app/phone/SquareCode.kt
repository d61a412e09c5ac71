package id.tilik.app.phone

import android.graphics.Bitmap

/**
 * Reads the square code of an enrolment slip (QR, ISO/IEC 18004) in a picture of the camera: versions 1 to 10, every level of
 * correction, text in bytes. The framework reads no codes, and the slips hold no others.
 */
internal object SquareCode {
    /** The text of the code in the picture, or null when there is none that reads. */
    fun read(bitmap: Bitmap): String? {
        val pixels = IntArray(bitmap.width * bitmap.height)
        bitmap.getPixels(pixels, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
        return SquareFinder(Shades.of(pixels, bitmap.width, bitmap.height)).codes().firstNotNullOfOrNull(::decode)
    }

    /** The text that the modules say. */
    fun decode(modules: Modules): String? {
        val version = modules.version
        val format = format(modules) ?: return null
        val level = LEVELS[format shr 3]
        val words = codewords(modules, format and 7)
        val data = corrected(words, EC_WORDS[level][version - 1], BLOCKS[level][version - 1]) ?: return null
        return text(data, version)
    }

    /** Level and mask, five bits; each stands there twice, and three wrong bits of fifteen are forgiven. */
    private fun format(modules: Modules): Int? {
        val side = modules.side
        var near = 0
        for (x in listOf(0, 1, 2, 3, 4, 5, 7, 8)) near = near * 2 + modules.bit(x, 8)
        for (y in listOf(7, 5, 4, 3, 2, 1, 0)) near = near * 2 + modules.bit(8, y)
        var far = 0
        for (y in side - 1 downTo side - 7) far = far * 2 + modules.bit(8, y)
        for (x in side - 8 until side) far = far * 2 + modules.bit(x, 8)
        val (best, wrong) = (0 until 32).map { format ->
            val code = formatCode(format)
            format to minOf(Integer.bitCount(code xor near), Integer.bitCount(code xor far))
        }.minBy { it.second }
        return best.takeIf { wrong <= 3 }
    }

    private fun formatCode(format: Int): Int {
        var rest = format shl 10
        for (bit in 14 downTo 10) if (rest shr bit and 1 == 1) rest = rest xor (0x537 shl (bit - 10))
        return (format shl 10 or rest) xor 0x5412
    }

    /** The codewords, two columns at a time from the right, up and down, without the mask. */
    private fun codewords(modules: Modules, mask: Int): IntArray {
        val side = modules.side
        val words = IntArray(WORDS[modules.version - 1])
        var bits = 0
        var right = side - 1
        var isUp = true
        while (right > 0) {
            // The column of the timing pattern holds nothing.
            if (right == 6) right -= 1
            for (step in 0 until side) {
                val y = if (isUp) side - 1 - step else step
                for (x in right downTo right - 1) {
                    if (modules.isFunction(x, y) || bits >= words.size * 8) continue
                    val bit = modules.bit(x, y) xor if (isMasked(mask, x, y)) 1 else 0
                    words[bits / 8] = words[bits / 8] * 2 + bit
                    bits += 1
                }
            }
            isUp = !isUp
            right -= 2
        }
        return words
    }

    private fun isMasked(mask: Int, x: Int, y: Int): Boolean = when (mask) {
        0 -> (x + y) % 2
        1 -> y % 2
        2 -> x % 3
        3 -> (x + y) % 3
        4 -> (y / 2 + x / 3) % 2
        5 -> x * y % 2 + x * y % 3
        6 -> (x * y % 2 + x * y % 3) % 2
        else -> ((x + y) % 2 + x * y % 3) % 2
    } == 0

    /** The data of all blocks, one after the other. In the code they are interleaved, so that a stain hurts all a little. */
    private fun corrected(words: IntArray, ecWords: Int, blocks: Int): IntArray? {
        val shortData = words.size / blocks - ecWords
        val longOnes = words.size % blocks
        val parts = List(blocks) { IntArray(shortData + (if (it >= blocks - longOnes) 1 else 0) + ecWords) }
        var next = 0
        for (at in 0..shortData) {
            for (part in parts) if (at < part.size - ecWords) part[at] = words[next++]
        }
        for (at in 0 until ecWords) {
            for (part in parts) part[part.size - ecWords + at] = words[next++]
        }
        val data = ArrayList<Int>()
        for (part in parts) {
            if (!ReedSolomon.correct(part, ecWords)) return null
            for (at in 0 until part.size - ecWords) data.add(part[at])
        }
        return data.toIntArray()
    }

    private fun text(data: IntArray, version: Int): String? {
        var at = 0
        fun take(bits: Int): Int {
            var value = 0
            repeat(bits) {
                value = value * 2 + if (at / 8 < data.size) data[at / 8] shr (7 - at % 8) and 1 else 0
                at += 1
            }
            return value
        }
        val bytes = ArrayList<Byte>()
        while (at + 4 <= data.size * 8) {
            when (take(4)) {
                END -> break
                BYTES -> {
                    val length = take(if (version < 10) 8 else 16)
                    if (at + length * 8 > data.size * 8) return null
                    repeat(length) { bytes.add(take(8).toByte()) }
                }
                // What follows is in this character set; all that the slips say is in the one they share.
                CHARACTER_SET -> take(8)
                else -> return null
            }
        }
        return String(bytes.toByteArray(), Charsets.UTF_8).takeIf { it.isNotEmpty() }
    }

    private const val END = 0
    private const val BYTES = 4
    private const val CHARACTER_SET = 7

    /** The two bits of a level, as an index of the tables: M, L, H, Q. */
    private val LEVELS = intArrayOf(1, 0, 3, 2)

    /** Codewords of a version. */
    private val WORDS = intArrayOf(26, 44, 70, 100, 134, 172, 196, 242, 292, 346)

    /** Codewords for correction in each block: L, M, Q, H. */
    private val EC_WORDS = arrayOf(
        intArrayOf(7, 10, 15, 20, 26, 18, 20, 24, 30, 18),
        intArrayOf(10, 16, 26, 18, 24, 16, 18, 22, 22, 26),
        intArrayOf(13, 22, 18, 26, 18, 24, 18, 22, 20, 24),
        intArrayOf(17, 28, 22, 16, 22, 28, 26, 26, 24, 28),
    )

    /** Blocks: L, M, Q, H. */
    private val BLOCKS = arrayOf(
        intArrayOf(1, 1, 1, 1, 1, 2, 2, 2, 2, 4),
        intArrayOf(1, 1, 1, 2, 2, 4, 4, 4, 5, 5),
        intArrayOf(1, 1, 2, 2, 4, 4, 6, 6, 8, 8),
        intArrayOf(1, 1, 2, 4, 4, 4, 5, 6, 8, 8),
    )
}

/** The modules of a code, dark or light. */
internal class Modules(
    /** Modules along a side. */
    val side: Int,
    private val dark: BooleanArray,
) {
    /** 1 to 10; a side has 17 modules and four more for each. */
    val version: Int = (side - 17) / 4

    private val centres = ALIGNMENT[version - 1]

    /** 1: dark. */
    fun bit(x: Int, y: Int): Int = if (dark[y * side + x]) 1 else 0

    /** Whether it is part of a pattern, not of the data. */
    fun isFunction(x: Int, y: Int): Boolean {
        val isCorner = x < 9 && y < 9 || x >= side - 8 && y < 9 || x < 9 && y >= side - 8
        val isTiming = x == 6 || y == 6
        val isVersion = version >= 7 && (x in side - 11 until side - 8 && y < 6 || y in side - 11 until side - 8 && x < 6)
        return isCorner || isTiming || isVersion || isAlignment(x, y)
    }

    private fun isAlignment(x: Int, y: Int): Boolean = centres.any { cx ->
        x in cx - 2..cx + 2 && centres.any { cy -> y in cy - 2..cy + 2 && !isFinder(cx, cy) }
    }

    private fun isFinder(x: Int, y: Int): Boolean = x == 6 && (y == 6 || y > side - 9) || y == 6 && x > side - 9

    internal companion object {
        const val MOST = 57

        /** Where alignment patterns stand, along each side. */
        private val ALIGNMENT = arrayOf(
            intArrayOf(),
            intArrayOf(6, 18),
            intArrayOf(6, 22),
            intArrayOf(6, 26),
            intArrayOf(6, 30),
            intArrayOf(6, 34),
            intArrayOf(6, 22, 38),
            intArrayOf(6, 24, 42),
            intArrayOf(6, 26, 46),
            intArrayOf(6, 28, 50),
        )
    }
}
