package id.tilik.app.phone

import android.app.Activity
import android.app.Application
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.Request

/**
 * Does the core's errands: asks it what may be sent, sends it, brings back what came. What is sent when, and what an
 * answer means, is the core's to say.
 *
 * It runs for somebody's sake: a screen that is seen, a job, a transfer. When the last of them goes, it ends; whatever was
 * on its way is handed out again by the core, under the same id.
 */
class Sender internal constructor(private val app: TilikApp) {
    /** How the last try went, for the line at the top of the outbox. */
    enum class State {
        /** Nothing to do. */
        IDLE,

        /** A request is out. */
        SENDING,

        /** For a network, or for a time that the core said. */
        WAITING,

        /** Nobody has said where the server is. */
        NO_SERVER,

        /** Whoever answered could not prove to be the server. */
        CERTIFICATE,

        /** A network's own sign-in page answered in the server's place. */
        PORTAL,
    }

    /** For whom it runs. All calls come on the sender's own threads. */
    internal interface Host {
        /** An answer came. */
        fun answered() {}

        /** Nothing can be sent for so many seconds. A host that does not wait so long calls [detach]. */
        fun idle(waitS: Long) {}
    }

    /** How the last try went. Changes are told by [Desk.listen]. */
    @Volatile
    var state: State = State.IDLE
        private set

    private val jobs = Jobs(app)
    private val networks = Networks(app) { nudge() }
    private val lock = ReentrantLock()
    private val moved = lock.newCondition()

    // All below are guarded by the lock.
    private val hosts = LinkedHashSet<Host>()
    private val out = HashSet<Http>()
    private var isRunning = false
    private var isWoken = false

    private val lanes = Executors.newFixedThreadPool(LANES) { Thread(it, "lane") }
    private val background = Executors.newSingleThreadExecutor { Thread(it, "sender-jobs") }
    private val screen = object : Host {}

    /** Follows the screens: while one is seen, the sender runs. */
    internal fun begin() {
        app.registerActivityLifecycleCallbacks(Seen())
        background.execute { jobs.regular() }
    }

    /** Something may be waiting: after a sign-in, a seal, a retry. Cheap. */
    fun wake() {
        nudge()
        val isWatched = lock.withLock { screen in hosts }
        // The job comes also when the app is swiped away a second from now; with a screen in view it can wait a little.
        background.execute { jobs.soon(if (isWatched) SHORTLY_S else 0) }
    }

    /** "Kirim sekarang": every wait is forgotten, and the transfer goes on in sight when the app is left. */
    fun sendNow() {
        app.desk.ask(
            Desk.Ticket(),
            work = {
                it.sendNow()
                it.outboxView()
            },
            done = { outbox ->
                wake()
                val bytes = bytesLeft(outbox)
                if (bytes > 0 && !outbox.waitsForWifi) jobs.transfer(bytes)
            },
            failed = { wake() },
        )
    }

    /** Looks again at once. */
    private fun nudge() = lock.withLock {
        isWoken = true
        moved.signalAll()
    }

    internal fun attach(host: Host) {
        lock.withLock {
            hosts.add(host)
            nudge()
            if (!isRunning) {
                isRunning = true
                Thread({ run() }, "sender").start()
            }
        }
    }

    internal fun detach(host: Host) {
        lock.withLock {
            hosts.remove(host)
            nudge()
        }
    }

    private fun run() {
        networks.follow()
        while (true) {
            val free = lock.withLock {
                if (hosts.isEmpty()) {
                    end()
                    null
                } else {
                    LANES - out.size
                }
            } ?: break
            step(free)
        }
    }

    /** Called under the lock, when nobody wants it to run. */
    private fun end() {
        isRunning = false
        networks.forget()
        for (http in out) http.cut()
        background.execute {
            planNext()
            if (state == State.SENDING) say(State.WAITING)
        }
    }

    /** One look at the core: sends what it gives, or waits. */
    private fun step(free: Int) {
        val server = app.settings.server
        if (server == null) {
            say(State.NO_SERVER)
            rest(LONG_S)
            return
        }
        if (state == State.NO_SERVER) say(State.IDLE)
        try {
            networks.tell { network -> app.desk.wait { it.setNetwork(network) } }
            val requests = if (free > 0) app.desk.wait { it.nextRequests(free.toUInt()) } else emptyList()
            for (request in requests) start(server, request)
            if (requests.isNotEmpty()) return
            if (lock.withLock { out.isNotEmpty() }) {
                pause(LONG_S)
            } else {
                val waitS = app.desk.wait { it.waitS() }.toLong()
                if (state == State.SENDING) say(if (hasWork()) State.WAITING else State.IDLE)
                // Nothing to send and nothing to wait for at once: a moment, so that this is no spinning.
                rest(waitS.coerceAtLeast(1))
            }
        } catch (_: CoreException) {
            // A full disk, a store that does not open: screens say so; here it is tried again.
            rest(60)
        }
    }

    private fun start(server: String, request: Request) {
        val http = Http(server)
        lock.withLock { out.add(http) }
        say(State.SENDING)
        lanes.execute {
            try {
                bring(request, http.send(request))
            } finally {
                val told = lock.withLock {
                    out.remove(http)
                    nudge()
                    hosts.toList()
                }
                for (host in told) host.answered()
                app.desk.touch()
            }
        }
    }

    private fun bring(request: Request, outcome: Outcome) {
        try {
            app.desk.wait {
                when (outcome) {
                    is Outcome.Answer -> it.onResponse(request.id, outcome.response)
                    Outcome.NoNetwork, Outcome.WrongCertificate -> it.onNoNetwork(request.id)
                }
            }
        } catch (_: CoreException) {
            // It could not be written down: the core hands the request out again after a restart, and asks before it repeats.
        }
        when (outcome) {
            Outcome.NoNetwork -> say(State.WAITING)
            Outcome.WrongCertificate -> say(State.CERTIFICATE)
            is Outcome.Answer -> if (isPage(outcome)) say(State.PORTAL)
        }
    }

    /** The server speaks JSON; what answers in pages is a network that wants to be signed in to. Only for what is shown. */
    private fun isPage(answer: Outcome.Answer): Boolean = answer.response.headers.any {
        it.name.equals("Content-Type", ignoreCase = true) && it.value.trim().startsWith("text/html", ignoreCase = true)
    }

    /** Tells the hosts that nothing can be sent now, and waits with those that stay. */
    private fun rest(seconds: Long) {
        val told = lock.withLock {
            if (isWoken) {
                isWoken = false
                return
            }
            hosts.toList()
        }
        for (host in told) host.idle(seconds)
        pause(seconds)
    }

    /** Waits until something moves, at most so long. */
    private fun pause(seconds: Long) {
        lock.withLock {
            if (!isWoken && hosts.isNotEmpty()) moved.await(seconds, TimeUnit.SECONDS)
            isWoken = false
        }
    }

    private fun say(now: State) {
        if (state == now) return
        state = now
        app.desk.touch()
    }

    private fun hasWork(): Boolean = app.desk.wait { it.status() }.run { visitsWaiting > 0u || photosWaiting > 0u || busy }

    /** What the system is to wake us for. */
    private fun planNext() {
        if (app.settings.server == null) return
        try {
            if (!hasWork()) return
            // Cut off in the middle: at once.
            if (state == State.SENDING) return jobs.soon(0)
            // Whether photos wait for it or not, a network that costs nothing is the best time.
            jobs.onWifi()
            jobs.soon(app.desk.wait { it.waitS() }.toLong())
        } catch (_: CoreException) {
            jobs.soon(LONG_S)
        }
    }

    /** A screen is in view from its start to its stop. All on the main thread. */
    private inner class Seen : Application.ActivityLifecycleCallbacks {
        private val main = Handler(Looper.getMainLooper())
        private val leave = Runnable { detach(screen) }
        private var started = 0

        override fun onActivityStarted(activity: Activity) {
            started += 1
            main.removeCallbacks(leave)
            if (started == 1) attach(screen)
        }

        override fun onActivityStopped(activity: Activity) {
            started -= 1
            if (started > 0) return
            // The job that goes on has a moment to begin, so that nothing is cut by a look at another app.
            background.execute { planNext() }
            main.postDelayed(leave, LEAVE_MILLIS)
        }

        override fun onActivityCreated(activity: Activity, state: Bundle?) {}

        override fun onActivityResumed(activity: Activity) {}

        override fun onActivityPaused(activity: Activity) {}

        override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) {}

        override fun onActivityDestroyed(activity: Activity) {}
    }

    private companion object {
        /** Two at a time: while one waits for its answer the other sends. More would share a narrow line for nothing. */
        const val LANES = 2
        const val LEAVE_MILLIS = 5000L
        const val SHORTLY_S = 30L
        const val LONG_S = 900L
    }
}
