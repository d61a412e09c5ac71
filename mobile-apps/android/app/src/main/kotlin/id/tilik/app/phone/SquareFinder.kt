package id.tilik.app.phone

import kotlin.math.abs
import kotlin.math.hypot
import kotlin.math.roundToInt

/** Finds square codes in a picture by the three squares in their corners, and reads their modules, also at a slant. */
internal class SquareFinder(private val shades: Shades) {
    /** A point of the picture. */
    private class Point(val x: Double, val y: Double) {
        operator fun plus(other: Point) = Point(x + other.x, y + other.y)

        operator fun minus(other: Point) = Point(x - other.x, y - other.y)

        operator fun times(factor: Double) = Point(x * factor, y * factor)

        fun length() = hypot(x, y)
    }

    /** A corner square, seen so many times. */
    private class Corner(var x: Double, var y: Double, var module: Double, var seen: Int) {
        val point get() = Point(x, y)
    }

    /** What may be codes, the likeliest first. */
    fun codes(): Sequence<Modules> = sequence {
        for ((topLeft, topRight, bottomLeft) in triples()) {
            for (side in sides(topLeft, topRight, bottomLeft)) {
                yield(sample(topLeft, topRight, bottomLeft, side))
            }
        }
    }

    /** The corner squares: along any line through one, dark and light lie as 1:1:3:1:1. */
    private fun corners(): List<Corner> {
        val found = ArrayList<Corner>()
        for (y in 0 until shades.height) {
            val runs = IntArray(5)
            var isDark = false
            for (x in 0..shades.width) {
                if (shades.isDark(x, y) == isDark && x < shades.width) {
                    runs[4] += 1
                    continue
                }
                if (isDark && isCorner(runs)) look(x, y, runs, found)
                runs.copyInto(runs, 0, 1)
                runs[4] = 1
                isDark = !isDark
            }
        }
        return found.filter { it.seen >= 2 }.sortedByDescending { it.seen }.take(MOST_CORNERS)
    }

    /** Looks up and down, and across again, from the middle of what a row showed. */
    private fun look(end: Int, y: Int, runs: IntArray, found: MutableList<Corner>) {
        val x = end - runs[4] - runs[3] - runs[2] / 2.0
        val down = across(x.toInt(), y, 0, 1) ?: return
        val centreY = y + down.first
        val along = across(x.toInt(), centreY.toInt(), 1, 0) ?: return
        val centreX = x.toInt() + along.first
        val module = (down.second + along.second) / 14
        if (down.second > 3 * along.second || along.second > 3 * down.second) return
        val known = found.firstOrNull { abs(it.x - centreX) < 2 * it.module && abs(it.y - centreY) < 2 * it.module }
        if (known == null) {
            found.add(Corner(centreX, centreY, module, 1))
        } else {
            val of = known.seen + 1.0
            known.x += (centreX - known.x) / of
            known.y += (centreY - known.y) / of
            known.module += (module - known.module) / of
            known.seen += 1
        }
    }

    /** From a point in the middle: how far the middle really is, and how long all five runs are. */
    private fun across(x: Int, y: Int, stepX: Int, stepY: Int): Pair<Double, Double>? {
        if (!shades.isDark(x, y)) return null
        val back = threeRuns(x, y, -stepX, -stepY) ?: return null
        val forth = threeRuns(x, y, stepX, stepY) ?: return null
        // The pixel in the middle was counted both ways.
        val runs = intArrayOf(back[2], back[1], back[0] + forth[0] - 1, forth[1], forth[2])
        if (!isCorner(runs)) return null
        return Pair((forth[0] - back[0]) / 2.0 + 0.5, runs.sum().toDouble())
    }

    private fun threeRuns(x: Int, y: Int, stepX: Int, stepY: Int): IntArray? {
        val runs = IntArray(3)
        var atX = x
        var atY = y
        for (run in 0..2) {
            while (shades.isDark(atX, atY) == (run != 1)) {
                runs[run] += 1
                atX += stepX
                atY += stepY
                if (atX !in -1..shades.width || atY !in -1..shades.height) return if (run == 2) runs else null
            }
        }
        return runs
    }

    private fun isCorner(runs: IntArray): Boolean {
        val all = runs.sum()
        if (all < 7 || runs.any { it == 0 }) return false
        val module = all / 7.0
        val slack = module * 0.7
        return abs(runs[0] - module) < slack && abs(runs[1] - module) < slack && abs(runs[3] - module) < slack &&
            abs(runs[4] - module) < slack && abs(runs[2] - 3 * module) < 3 * slack
    }

    /** Three corners that stand as the three of a code: a right angle with legs of a length. */
    private fun triples(): List<Triple<Point, Point, Point>> {
        val corners = corners()
        val triples = ArrayList<Pair<Double, Triple<Point, Point, Point>>>()
        for (a in corners.indices) for (b in corners.indices) for (c in b + 1 until corners.size) {
            if (a == b || a == c) continue
            val modules = listOf(a, b, c).map { corners[it].module }
            if (modules.max() > 1.8 * modules.min()) continue
            val one = corners[b].point - corners[a].point
            val two = corners[c].point - corners[a].point
            val legs = one.length() to two.length()
            if (minOf(legs.first, legs.second) < 10 * modules.min()) continue
            val cosine = abs(one.x * two.x + one.y * two.y) / (legs.first * legs.second)
            val uneven = abs(legs.first - legs.second) / maxOf(legs.first, legs.second)
            if (cosine > 0.5 || uneven > 0.5) continue
            // From the right leg to the lower one it turns clockwise, as the picture's axes do.
            val isRight = one.x * two.y - one.y * two.x > 0
            val right = corners[if (isRight) b else c].point
            val lower = corners[if (isRight) c else b].point
            triples.add(cosine + uneven to Triple(corners[a].point, right, lower))
        }
        return triples.sortedBy { it.first }.take(MOST_TRIPLES).map { it.second }
    }

    /** How many modules a side may have: the likeliest number first, and its neighbours. */
    private fun sides(topLeft: Point, topRight: Point, bottomLeft: Point): List<Int> {
        val module = listOfNotNull(
            moduleAlong(topLeft, topRight),
            moduleAlong(topRight, topLeft),
            moduleAlong(topLeft, bottomLeft),
            moduleAlong(bottomLeft, topLeft),
        ).average()
        if (module.isNaN() || module < 1) return emptyList()
        val between = ((topRight - topLeft).length() + (bottomLeft - topLeft).length()) / 2
        val version = ((between / module + 7 - 17) / 4).roundToInt()
        return listOf(version, version + 1, version - 1).map { 17 + 4 * it }.filter { it in 21..Modules.MOST }
    }

    /** The size of a module: from the middle of a corner towards another it is 3.5 modules to its edge. */
    private fun moduleAlong(from: Point, to: Point): Double? {
        val way = to - from
        val length = way.length()
        val step = way * (1 / length)
        var run = 0
        var far = 0.0
        while (far < length) {
            val at = from + step * far
            val isDark = shades.isDark(at.x.toInt(), at.y.toInt())
            if (isDark != (run != 1)) {
                run += 1
                if (run == 3) return far / 3.5
            }
            far += 0.25
        }
        return null
    }

    private fun sample(topLeft: Point, topRight: Point, bottomLeft: Point, side: Int): Modules {
        val right = (topRight - topLeft) * (1.0 / (side - 7))
        val down = (bottomLeft - topLeft) * (1.0 / (side - 7))
        val straight = topRight + bottomLeft - topLeft
        val inner = if (side > 21) alignment(topLeft + right * (side - 10.0) + down * (side - 10.0), right, down) else null
        val far = side - 3.5
        val slant = if (inner == null) {
            Slant(listOf(3.5 to 3.5, far to 3.5, 3.5 to far, far to far), listOf(topLeft, topRight, bottomLeft, straight))
        } else {
            val near = side - 6.5
            Slant(listOf(3.5 to 3.5, far to 3.5, 3.5 to far, near to near), listOf(topLeft, topRight, bottomLeft, inner))
        }
        val dark = BooleanArray(side * side) { at ->
            val x = at % side + 0.5
            val y = at / side + 0.5
            // Five points of each module: a speck on the paper has one vote.
            VOTES.count { (dx, dy) -> slant.isDark(x + dx, y + dy) } >= 3
        }
        return Modules(side, dark)
    }

    /** The small square in the fourth corner, near where it would be without a slant: a dark dot in a light and a dark ring. */
    private fun alignment(near: Point, right: Point, down: Point): Point? {
        var best: Point? = null
        var most = 0
        for (offY in -16..16) for (offX in -16..16) {
            val centre = near + right * (offX / 4.0) + down * (offY / 4.0)
            var fits = 0
            for (y in -2..2) for (x in -2..2) {
                val at = centre + right * x.toDouble() + down * y.toDouble()
                val isDark = maxOf(abs(x), abs(y)) != 1
                if (shades.isDark(at.x.toInt(), at.y.toInt()) == isDark) fits += 1
            }
            // Among places that fit as well, the one nearest to where it should be.
            val isNearer = best == null || (centre - near).length() < (best - near).length()
            if (fits > most || fits == most && isNearer) {
                most = fits
                best = centre
            }
        }
        return best?.takeIf { most >= 23 }?.let { middle(it, right, down) }
    }

    /** The middle of the dot at `near`. */
    private fun middle(near: Point, right: Point, down: Point): Point {
        var sum = Point(0.0, 0.0)
        var count = 0
        for (offY in -4..4) for (offX in -4..4) {
            val at = near + right * (offX / 5.0) + down * (offY / 5.0)
            if (shades.isDark(at.x.toInt(), at.y.toInt())) {
                sum += at
                count += 1
            }
        }
        return if (count == 0) near else sum * (1.0 / count)
    }

    /** Where a point of the code lies in the picture: the one projection that takes four points to four points. */
    private inner class Slant(from: List<Pair<Double, Double>>, to: List<Point>) {
        private val terms = solve(
            Array(8) { row ->
                val (x, y) = from[row / 2]
                val target = to[row / 2]
                if (row % 2 == 0) {
                    doubleArrayOf(x, y, 1.0, 0.0, 0.0, 0.0, -x * target.x, -y * target.x, target.x)
                } else {
                    doubleArrayOf(0.0, 0.0, 0.0, x, y, 1.0, -x * target.y, -y * target.y, target.y)
                }
            },
        )

        fun isDark(x: Double, y: Double): Boolean {
            val depth = terms[6] * x + terms[7] * y + 1
            val atX = (terms[0] * x + terms[1] * y + terms[2]) / depth
            val atY = (terms[3] * x + terms[4] * y + terms[5]) / depth
            return shades.isDark(atX.toInt(), atY.toInt())
        }
    }

    private companion object {
        const val MOST_CORNERS = 12
        const val MOST_TRIPLES = 6
        val VOTES = listOf(0.0 to 0.0, -0.25 to 0.0, 0.25 to 0.0, 0.0 to -0.25, 0.0 to 0.25)

        /** Gauss, with the largest pivot first. Points on one line have no solution; what comes then reads as nothing. */
        fun solve(rows: Array<DoubleArray>): DoubleArray {
            val count = rows.size
            for (column in 0 until count) {
                val pivot = (column until count).maxBy { abs(rows[it][column]) }
                val swapped = rows[pivot]
                rows[pivot] = rows[column]
                rows[column] = swapped
                for (row in 0 until count) {
                    if (row == column) continue
                    val factor = rows[row][column] / rows[column][column]
                    for (at in column..count) rows[row][at] -= factor * rows[column][at]
                }
            }
            return DoubleArray(count) { rows[it][count] / rows[it][it] }
        }
    }
}
