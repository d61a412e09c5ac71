package id.tilik.app.phone

/** A picture as dark and light. */
internal class Shades(
    /** In pixels. */
    val width: Int,
    /** In pixels. */
    val height: Int,
    private val dark: BooleanArray,
) {
    /** Whether this pixel is dark; outside of the picture nothing is. */
    fun isDark(x: Int, y: Int): Boolean = x in 0 until width && y in 0 until height && dark[y * width + x]

    internal companion object {
        /**
         * Dark is what is darker than what lies around it: half of a slip may lie in the shade. Pixels are ARGB.
         */
        fun of(pixels: IntArray, width: Int, height: Int): Shades {
            val grey = IntArray(pixels.size) { at ->
                val pixel = pixels[at]
                ((pixel shr 16 and 255) * 77 + (pixel shr 8 and 255) * 150 + (pixel and 255) * 29) shr 8
            }
            // Sums of everything above and left of a pixel: the mean of any rectangle is four of them.
            val sums = LongArray((width + 1) * (height + 1))
            for (y in 0 until height) {
                var row = 0L
                for (x in 0 until width) {
                    row += grey[y * width + x]
                    sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row
                }
            }
            val half = (minOf(width, height) / 12).coerceAtLeast(8)
            val dark = BooleanArray(pixels.size)
            for (y in 0 until height) {
                val top = maxOf(y - half, 0)
                val bottom = minOf(y + half + 1, height)
                for (x in 0 until width) {
                    val left = maxOf(x - half, 0)
                    val right = minOf(x + half + 1, width)
                    val sum = sums[bottom * (width + 1) + right] - sums[top * (width + 1) + right] -
                        sums[bottom * (width + 1) + left] + sums[top * (width + 1) + left]
                    val count = (bottom - top) * (right - left)
                    // A little darker than the mean: the grain of plain paper is not dark.
                    dark[y * width + x] = grey[y * width + x] * count * 100L < sum * 92L
                }
            }
            return Shades(width, height, dark)
        }
    }
}
