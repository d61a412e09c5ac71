package id.tilik.app.phone

import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.Place

/** Where the phone is and where its top points, for one screen. Everything is called and told on the main thread. */
interface Positions {
    /** Why there is no position. */
    enum class Unavailable {
        /** The officer has not allowed it, or has taken it back. */
        NO_PERMISSION,

        /** Location is switched off on this phone. */
        SWITCHED_OFF,

        /** This phone has no receiver. */
        NO_RECEIVER,
    }

    /** How eagerly. */
    enum class Pace {
        /** For distances on the way. */
        WALKING,

        /** For the pin: every fix there is. */
        PIN,
    }

    /** What the screen is told. */
    interface Watcher {
        /** A fix, for the core. */
        fun fix(fix: Fix)

        /** Where the top of the screen points, clockwise from true north, in degrees. */
        fun heading(degrees: Float)

        /** There is no compass, or it is disturbed. */
        fun headingUnknown() {}

        /** Only a rough position was allowed: fixes come, but no pin will be good. */
        fun rough() {}

        /** There is no position, or none any more. */
        fun unavailable(why: Unavailable)
    }

    /** Begins, or goes on at another pace or for another screen. */
    fun watch(pace: Pace, watcher: Watcher)

    /** The last place that was heard, while it is fresh enough for a distance. */
    fun last(): Place?

    /** Ends. */
    fun close()
}

/** Hears fixes and nothing else: for a map that only shows where the officer stands. */
internal class FixWatcher(private val heard: () -> Unit) : Positions.Watcher {
    override fun fix(fix: Fix) = heard()

    override fun heading(degrees: Float) = Unit

    override fun unavailable(why: Positions.Unavailable) = Unit
}
