package id.tilik.app.support

import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.text.Layout
import android.view.View
import android.view.WindowManager
import android.widget.EditText
import android.widget.HorizontalScrollView
import android.widget.ImageView
import android.widget.ListView
import android.widget.ScrollView
import android.widget.TextView
import java.io.File
import kotlin.math.max
import kotlin.math.min
import kotlin.math.pow

/**
 * Makes a picture of the screen by day and by night, in normal and in the largest letters, and finds what is wrong with it:
 * too small to touch, cut off, without words for a screen reader, hard to read.
 */
internal class Eye(private val hand: Hand) {
    /** Everything found wrong, with the screen's name. */
    val faults = ArrayList<String>()

    /** Names of the pictures made. */
    val pictures = ArrayList<String>()

    /** `again` is what the screen has to hear anew after each change, such as fixes. */
    fun look(name: String, again: () -> Unit = {}) {
        for (night in listOf("notnight", "night")) for (scale in listOf(1f, 2f)) {
            hand.become("+$night", scale)
            again()
            val called = "$name-${if (night == "night") "malam" else "siang"}-${if (scale == 1f) "biasa" else "besar"}"
            picture(called)
            val down = hand.views().filterIsInstance<ScrollView>().firstOrNull { it.canScrollVertically(1) }
            if (down != null && scale > 1f) {
                down.scrollTo(0, Int.MAX_VALUE / 2)
                hand.settle()
                picture("$called-bawah")
            }
            val list = hand.views().filterIsInstance<ListView>().firstOrNull { it.canScrollVertically(1) }
            if (list != null) {
                list.setSelection(list.count - 1)
                hand.settle()
                picture("$called-bawah")
                // Screens remember how far they were scrolled.
                list.setSelection(0)
                hand.settle()
            }
        }
        hand.become("+notnight", 1f)
    }

    /** As it is now, for what another letter size or the night would take away. */
    fun glance(name: String) = picture("$name-siang-biasa")

    private fun picture(name: String) {
        hand.settle()
        val root = hand.root
        val bitmap = Bitmap.createBitmap(root.width, root.height, Bitmap.Config.ARGB_8888)
        root.draw(Canvas(bitmap))
        val file = File(System.getProperty("tilik.screens"), "$name.png")
        file.parentFile?.mkdirs()
        file.outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
        pictures.add(name)
        faults.addAll(faults(bitmap).map { "$name: $it" })
        bitmap.recycle()
    }

    private fun faults(bitmap: Bitmap): List<String> {
        val found = ArrayList<String>()
        if (hand.activity.window.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE == 0) found.add("not secure")
        val views = hand.views()
        val density = hand.activity.resources.displayMetrics.density
        for (view in views) {
            val called = "“${Hand.wordsOf(view)?.take(40) ?: view.javaClass.simpleName}”"
            val size = "${(view.width / density).toInt()} × ${(view.height / density).toInt()} dp"
            val isWhole = isWhole(view)
            if (view.isClickable && view.isEnabled && isWhole && (view.width < 48 * density || view.height < 48 * density)) {
                found.add("$called is too small to touch: $size")
            }
            if (view.isClickable && view.importantForAccessibility != View.IMPORTANT_FOR_ACCESSIBILITY_NO && hand.views(view).all { Hand.wordsOf(it) == null && it !is EditText }) {
                found.add("$called (${view.javaClass.simpleName}) says nothing to a screen reader")
            }
            if (view is ImageView && isRead(view) && view.contentDescription.isNullOrEmpty() && !isInNamed(view)) {
                found.add("a picture says nothing to a screen reader: $size in ${view.parent.javaClass.simpleName}")
            }
            if (view is TextView && view.text.isNotEmpty() && view.width > 0) words(view, called, isWhole, bitmap, found)
        }
        return found.distinct()
    }

    private fun words(view: TextView, called: String, isWhole: Boolean, bitmap: Bitmap, found: MutableList<String>) {
        val layout: Layout = view.layout ?: return
        val place = IntArray(2).also(view::getLocationInWindow)
        if (!isMovedSideways(view) && (place[0] < 0 || place[0] + view.width > bitmap.width)) found.add("$called leaves the screen sideways")
        if (view !is EditText) {
            if ((0 until layout.lineCount).any { layout.getEllipsisCount(it) > 0 }) found.add("$called is cut with dots")
            val inner = view.height - view.compoundPaddingTop - view.compoundPaddingBottom
            if (layout.height > inner + 2) found.add("$called is cut at the foot: ${layout.height} px in $inner")
            val room = view.width - view.compoundPaddingLeft - view.compoundPaddingRight
            if ((0 until layout.lineCount).any { layout.getLineMax(it) > room + 2 }) found.add("$called is wider than its room")
        }
        if (isWhole) {
            val contrast = contrast(view, place, bitmap)
            if (contrast < 4.5) found.add("$called is hard to read: contrast ${"%.1f".format(contrast)}")
        }
    }

    /** Whether all of it is on the screen: what is scrolled half out is not judged by its visible half. */
    private fun isWhole(view: View): Boolean {
        val seen = android.graphics.Rect()
        return view.width > 0 && view.height > 0 && view.getGlobalVisibleRect(seen) && seen.width() == view.width && seen.height() == view.height
    }

    private fun isMovedSideways(view: View) = generateSequence(view.parent) { it.parent }.any { it is HorizontalScrollView }

    private fun isRead(view: View): Boolean {
        var at: View? = view
        while (at != null) {
            val important = at.importantForAccessibility
            if (important == View.IMPORTANT_FOR_ACCESSIBILITY_NO_HIDE_DESCENDANTS) return false
            at = at.parent as? View
        }
        return view.importantForAccessibility != View.IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** Whether what it stands in speaks for it. */
    private fun isInNamed(view: View): Boolean {
        var at = view.parent as? View
        while (at != null) {
            if (!at.contentDescription.isNullOrEmpty()) return true
            at = at.parent as? View
        }
        return false
    }

    /** The words' colour against the colour that most of the ground has. */
    private fun contrast(view: TextView, place: IntArray, bitmap: Bitmap): Double {
        val counts = HashMap<Int, Int>()
        for (y in place[1] until min(place[1] + view.height, bitmap.height) step 3) {
            for (x in place[0] until min(place[0] + view.width, bitmap.width) step 3) counts.merge(bitmap.getPixel(x, y), 1, Int::plus)
        }
        val ground = counts.maxByOrNull { it.value }?.key ?: return 21.0
        val a = light(view.currentTextColor)
        val b = light(ground)
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    private fun light(colour: Int): Double {
        fun part(n: Int): Double = (n / 255.0).let { if (it <= 0.03928) it / 12.92 else ((it + 0.055) / 1.055).pow(2.4) }
        return 0.2126 * part(Color.red(colour)) + 0.7152 * part(Color.green(colour)) + 0.0722 * part(Color.blue(colour))
    }
}
