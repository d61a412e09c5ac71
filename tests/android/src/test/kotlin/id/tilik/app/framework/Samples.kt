package id.tilik.app.framework

import android.content.Context
import android.os.Build

/** What [FrameworkTest] tries its scan on: `Context.getDisplay` is there from Android 11 (30) on. */
@Suppress("unused")
internal class Samples(private val context: Context) {
    fun unguarded() = context.display

    fun guarded() = if (Build.VERSION.SDK_INT >= 30) context.display else null

    fun left(): Any? {
        if (Build.VERSION.SDK_INT < 30) return null
        return context.display
    }

    fun wrongWay() = if (Build.VERSION.SDK_INT <= 30) context.display else null

    fun after(): Any? {
        if (Build.VERSION.SDK_INT >= 30) context.toString()
        return context.display
    }

    fun calls(): Any? {
        shared()
        if (Build.VERSION.SDK_INT > 30) {
            shared()
            return inner()
        }
        if (Build.VERSION.SDK_INT >= 30) return Later(context).show()
        return Early(context).show()
    }

    fun callsAgain() = if (Build.VERSION.SDK_INT >= 31) Early(context).show() else null

    private fun inner() = context.display

    private fun shared() = context.display

    private class Later(private val context: Context) {
        fun show() = context.display
    }

    private class Early(private val context: Context) {
        fun show() = context.display
    }
}
