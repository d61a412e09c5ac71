package id.tilik.app.support

import java.io.IOException
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.atomic.AtomicLong
import kotlin.concurrent.thread

/** The way from the phone to the server, which can be cut. */
internal class Wire(private val to: Int) : AutoCloseable {
    private val door = ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))

    val address = "http://127.0.0.1:${door.localPort}"

    /** What the phone sent, in all. */
    val sent = AtomicLong()

    /** How often a connection was cut. */
    val cuts = AtomicLong()

    /** A connection over which the phone has sent so much is cut; that many times, then no more. */
    @Volatile
    var cutAfter = Long.MAX_VALUE

    @Volatile
    var cutsLeft = 0L

    /** A network's own page that answers in the server's place; null: the server answers. */
    @Volatile
    var page: String? = null

    /** Nobody is there. */
    @Volatile
    var isDown = false

    init {
        thread(isDaemon = true, name = "wire") {
            try {
                while (true) accept(door.accept())
            } catch (_: IOException) {
                // Closed.
            }
        }
    }

    private fun accept(phone: Socket) {
        if (isDown) return phone.close()
        val html = page
        if (html != null) {
            thread(isDaemon = true) { answer(phone, html) }
            return
        }
        val server = Socket("127.0.0.1", to)
        thread(isDaemon = true) { carry(phone, server, isUp = true) }
        thread(isDaemon = true) { carry(server, phone, isUp = false) }
    }

    private fun answer(phone: Socket, html: String) = phone.use {
        try {
            it.getInputStream().read(ByteArray(65536))
            val bytes = html.toByteArray()
            val head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${bytes.size}\r\nConnection: close\r\n\r\n"
            it.getOutputStream().write(head.toByteArray() + bytes)
        } catch (_: IOException) {
            // The phone went away.
        }
    }

    private fun carry(from: Socket, to: Socket, isUp: Boolean) {
        try {
            val part = ByteArray(4096)
            var carried = 0L
            while (true) {
                val read = from.getInputStream().read(part)
                if (read < 0) break
                to.getOutputStream().write(part, 0, read)
                carried += read
                if (!isUp) continue
                sent.addAndGet(read.toLong())
                if (carried > cutAfter && cutsLeft > 0) {
                    cutsLeft -= 1
                    cuts.incrementAndGet()
                    break
                }
            }
        } catch (_: IOException) {
            // One of them went away.
        } finally {
            from.close()
            to.close()
        }
    }

    override fun close() = door.close()
}
