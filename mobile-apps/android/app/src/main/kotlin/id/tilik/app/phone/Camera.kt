package id.tilik.app.phone

import android.content.Context
import android.graphics.RectF
import android.view.View

/** The camera on the back of the phone, for one screen. Everything is called and told on the main thread. */
interface Camera {
    /** Why there is no picture. */
    enum class Unavailable {
        /** The officer has not allowed it, or has taken it back. */
        NO_PERMISSION,

        /** Another app has it. */
        IN_USE,

        /** This phone has none. */
        NO_CAMERA,

        /** The phone's owner or its privacy switch forbids it. */
        FORBIDDEN,

        /** It does not work. */
        BROKEN,
    }

    /** What the screen is told. */
    interface Watcher {
        /** The picture is there, and [picture] is known. */
        fun ready(hasTorch: Boolean)

        /** There is none, or none any more. [open] is the way back. */
        fun unavailable(why: Unavailable)

        /** Gravity in m/s² along the phone's axes, about ten times a second. */
        fun tilted(x: Float, y: Float, z: Float)
    }

    /** The view that shows what the camera sees. Made anew by each call; the last one is used. */
    fun preview(context: Context): View

    /** Begins. The screen has asked for the permission before. */
    fun open(watcher: Watcher)

    /** Where in the preview the photo's frame lies, in the view's pixels; empty before it is ready. */
    fun picture(): RectF

    /** Takes a photo: baseline JPEG, its orientation in EXIF. */
    fun capture(done: (Shot) -> Unit, failed: (Unavailable) -> Unit)

    /** The light on or off. */
    fun torch(on: Boolean)

    /** Sharp and rightly lit at this point of the preview, in the view's pixels. */
    fun focusAt(x: Float, y: Float)

    /** Looks for a square code in the picture until [close]; tells each text once. */
    fun read(found: (String) -> Unit)

    /** Lets go of the camera; the next app or screen wants it. */
    fun close()
}

/** What the camera gave. */
class Shot(
    /** The camera's JPEG. */
    val jpeg: ByteArray,
    /** When it was taken, by the phone's clock, in microseconds since 1970. */
    val takenAtMicros: Long,
)
