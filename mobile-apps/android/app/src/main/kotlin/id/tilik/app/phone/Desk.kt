package id.tilik.app.phone

import android.os.Handler
import android.os.Looper
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.FieldApp

/**
 * Where screens ask the core. Work runs off the main thread, one after the other; answers come on the main thread, and
 * never to a screen that is gone.
 */
class Desk internal constructor(private val worker: Executor, private val open: () -> FieldApp) {
    private val main = Handler(Looper.getMainLooper())
    private val listeners = CopyOnWriteArrayList<Listener>()
    private val lock = Any()
    private var core: FieldApp? = null

    @Volatile
    private var isTelling = false

    /** What one showing of a screen holds. Once it is closed, what was asked with it is not answered any more. */
    class Ticket {
        /** Whether the screen is gone. */
        @Volatile
        var isClosed = false
            private set

        /** The screen is gone. */
        fun close() {
            isClosed = true
        }
    }

    private class Listener(val ticket: Ticket, val changed: () -> Unit)

    /**
     * Does `work`, then says what came of it. What breaks in an unforeseen way comes as [CoreException.Bug] too, so that a
     * screen has one kind of error to show.
     */
    fun <T> ask(ticket: Ticket, work: (FieldApp) -> T, done: (T) -> Unit, failed: (CoreException) -> Unit) {
        worker.execute {
            // An act of a screen that went away meanwhile is still done: the officer pressed the button.
            val answer: () -> Unit = try {
                val value = wait(work)
                ({ done(value) })
            } catch (error: CoreException) {
                ({ failed(error) })
            }
            main.post { if (!ticket.isClosed) answer() }
        }
    }

    /** Tells `changed`, on the main thread, whenever something on the phone is another than before. */
    fun listen(ticket: Ticket, changed: () -> Unit) {
        listeners.removeAll { it.ticket.isClosed }
        listeners.add(Listener(ticket, changed))
    }

    /** Something changed. Many changes at once are told once. */
    fun touch() {
        if (isTelling) return
        isTelling = true
        main.post {
            isTelling = false
            for (listener in listeners) {
                if (listener.ticket.isClosed) listeners.remove(listener) else listener.changed()
            }
        }
    }

    /** Does `work` on this thread, which must not be the main one. */
    @Throws(CoreException::class)
    fun <T> wait(work: (FieldApp) -> T): T = try {
        work(core())
    } catch (error: CoreException) {
        throw error
    } catch (error: Exception) {
        // Only the kind of the error is told: its text may name a person or a file.
        throw CoreException.Bug("shell-" + error.javaClass.simpleName)
    } catch (error: LinkageError) {
        throw CoreException.Bug("shell-" + error.javaClass.simpleName)
    }

    /** The core, opened by whoever comes first. What could not be opened is tried again by the next. */
    private fun core(): FieldApp = synchronized(lock) {
        core ?: open().also { core = it }
    }
}
