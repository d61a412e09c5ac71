package id.tilik.app.support

import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Path
import java.io.ByteArrayOutputStream
import java.util.Random

/** A house that never stood, drawn from a number and made a JPEG by the system's own encoder. */
internal class House(private val number: Int) {
    /** What the camera would give. `dark` is as at night. */
    fun jpeg(width: Int = 1600, height: Int = 1200, dark: Boolean = false): ByteArray {
        val bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        draw(Canvas(bitmap), width.toFloat(), height.toFloat())
        if (dark) Canvas(bitmap).drawColor(Color.argb(245, 0, 0, 0))
        val out = ByteArrayOutputStream()
        check(bitmap.compress(Bitmap.CompressFormat.JPEG, 90, out))
        bitmap.recycle()
        return out.toByteArray()
    }

    private fun draw(canvas: Canvas, w: Float, h: Float) {
        val dice = Random(number.toLong())
        val paint = Paint()
        fun colour(r: Int, g: Int, b: Int) = paint.apply { color = Color.rgb(r, g, b) }
        canvas.drawColor(Color.rgb(178, 205, 230))
        canvas.drawRect(0f, h * 0.8f, w, h, colour(150, 125, 95))
        val left = w * (0.15f + dice.nextFloat() * 0.1f)
        val right = w * (0.8f + dice.nextFloat() * 0.1f)
        canvas.drawRect(left, h * 0.45f, right, h * 0.85f, colour(200 - dice.nextInt(60), 190 - dice.nextInt(60), 150 + dice.nextInt(60)))
        val roof = Path().apply {
            moveTo(left - w * 0.06f, h * 0.46f)
            lineTo((left + right) / 2, h * 0.18f)
            lineTo(right + w * 0.06f, h * 0.46f)
            close()
        }
        canvas.drawPath(roof, colour(150, 70 + dice.nextInt(40), 50))
        paint.strokeWidth = h / 200
        for (row in 0..40) {
            val y = h * (0.2f + 0.26f * row / 40)
            val half = (right - left) * 0.6f * (y / h - 0.18f) / 0.28f
            canvas.drawLine((left + right) / 2 - half, y, (left + right) / 2 + half, y, colour(110, 50, 35))
        }
        val door = left + (right - left) * (0.4f + dice.nextFloat() * 0.2f)
        canvas.drawRect(door, h * 0.55f, door + w * 0.1f, h * 0.85f, colour(90, 60, 40))
        for (at in listOf(left + w * 0.05f, right - w * 0.15f)) {
            canvas.drawRect(at, h * 0.55f, at + w * 0.1f, h * 0.68f, colour(60, 80, 100))
            canvas.drawLine(at + w * 0.05f, h * 0.55f, at + w * 0.05f, h * 0.68f, colour(230, 230, 225))
        }
        // The grain of plaster and earth: what makes a photo a sharp one.
        repeat(6000) {
            val x = dice.nextFloat() * w
            val y = h * (0.45f + dice.nextFloat() * 0.55f)
            val shade = 60 + dice.nextInt(160)
            canvas.drawRect(x, y, x + w / 300, y + w / 300, colour(shade, shade, shade - 20))
        }
    }
}
