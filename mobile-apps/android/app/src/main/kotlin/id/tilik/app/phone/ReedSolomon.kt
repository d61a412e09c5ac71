package id.tilik.app.phone

/** Corrects the codewords of a square code: Reed–Solomon over GF(2⁸), polynomial x⁸+x⁴+x³+x²+1. */
internal object ReedSolomon {
    private val exp = IntArray(512)
    private val log = IntArray(256)

    init {
        var value = 1
        for (power in 0 until 255) {
            exp[power] = value
            log[value] = power
            value = value shl 1
            if (value > 255) value = value xor 0x11d
        }
        for (power in 255 until 512) exp[power] = exp[power - 255]
    }

    /** Corrects `words` in place, of which the last `ecWords` are for that. False: there are more errors than that. */
    fun correct(words: IntArray, ecWords: Int): Boolean {
        val syndromes = IntArray(ecWords) { power -> words.fold(0) { sum, word -> times(sum, exp[power]) xor word } }
        if (syndromes.all { it == 0 }) return true
        val locator = locator(syndromes) ?: return false
        val errors = locator.size - 1
        val places = words.indices.filter { at(locator, inverse(exp[(words.size - 1 - it) % 255])) == 0 }
        if (places.size != errors) return false
        // Forney: the size of each error.
        val evaluator = IntArray(ecWords) { power ->
            (0..minOf(power, errors)).fold(0) { sum, of -> sum xor times(locator[of], syndromes[power - of]) }
        }
        for (place in places) {
            val root = exp[(words.size - 1 - place) % 255]
            val inverse = inverse(root)
            // The derivative: only odd powers are left.
            var slope = 0
            for (power in 1..errors step 2) slope = slope xor times(locator[power], pow(inverse, power - 1))
            if (slope == 0) return false
            words[place] = words[place] xor times(times(root, at(evaluator, inverse)), inverse(slope))
        }
        return (0 until ecWords).all { power -> words.fold(0) { sum, word -> times(sum, exp[power]) xor word } == 0 }
    }

    /** Berlekamp–Massey: the polynomial whose roots say where the errors are, from its constant up. */
    private fun locator(syndromes: IntArray): IntArray? {
        var now = intArrayOf(1)
        var before = intArrayOf(1)
        var length = 0
        var gap = 1
        var last = 1
        for (step in syndromes.indices) {
            var wrong = 0
            for (of in 0..minOf(length, now.size - 1)) wrong = wrong xor times(now[of], syndromes[step - of])
            if (wrong == 0) {
                gap += 1
                continue
            }
            val factor = times(wrong, inverse(last))
            val next = IntArray(maxOf(now.size, before.size + gap))
            for (of in now.indices) next[of] = now[of]
            for (of in before.indices) next[of + gap] = next[of + gap] xor times(factor, before[of])
            if (2 * length <= step) {
                length = step + 1 - length
                before = now
                last = wrong
                gap = 1
            } else {
                gap += 1
            }
            now = next
        }
        val size = now.indexOfLast { it != 0 } + 1
        return now.copyOf(size).takeIf { size == length + 1 && 2 * length <= syndromes.size }
    }

    private fun times(a: Int, b: Int): Int = if (a == 0 || b == 0) 0 else exp[log[a] + log[b]]

    private fun inverse(a: Int): Int = exp[255 - log[a]]

    private fun pow(a: Int, power: Int): Int = exp[log[a] * power % 255]

    private fun at(polynomial: IntArray, x: Int): Int =
        polynomial.foldRight(0) { coefficient, sum -> times(sum, x) xor coefficient }
}
