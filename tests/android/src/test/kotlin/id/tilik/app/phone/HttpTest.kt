package id.tilik.app.phone

import java.io.BufferedInputStream
import java.io.ByteArrayOutputStream
import java.io.DataInputStream
import java.io.File
import java.io.IOException
import java.io.OutputStream
import java.io.RandomAccessFile
import java.net.InetAddress
import java.net.ServerSocket
import java.util.concurrent.CopyOnWriteArrayList
import java.util.zip.GZIPOutputStream
import kotlin.concurrent.thread
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import uniffi.tilik_mobile_core.Header
import uniffi.tilik_mobile_core.Request
import uniffi.tilik_mobile_core.RequestBody

/** One request at a time, to a server that behaves as badly as networks do. */
class HttpTest {
    @get:Rule
    val folder = TemporaryFolder()
    private val servers = ArrayList<Server>()

    @After
    fun close() = servers.forEach { it.close() }

    @Test
    fun a_patch_is_a_post_that_says_so_and_streams_its_part_of_the_file() {
        val server = server { _, out -> out.say("204 No Content", more = "Upload-Offset: 300\r\n") }
        val file = folder.newFile().apply { writeBytes(ByteArray(1000) { (it % 100).toByte() }) }
        val answer = answer(server, request("PATCH", RequestBody.File(file.path, 100u, 200u), Header("Upload-Offset", "100")))
        assertEquals(204, answer.status.toInt())
        assertEquals("300", answer.headers.single { it.name == "Upload-Offset" }.value)
        val seen = server.seen.single()
        assertTrue(seen.head, seen.head.startsWith("POST /v1/x HTTP/1.1\r\n"))
        assertEquals("PATCH", seen.header("X-HTTP-Method-Override"))
        assertEquals("100", seen.header("Upload-Offset"))
        assertArrayEquals(ByteArray(200) { (it % 100).toByte() }, seen.body)
    }

    @Test
    fun a_zipped_answer_comes_unzipped() {
        val server = server { _, out ->
            val zipped = ByteArrayOutputStream().also { bytes -> GZIPOutputStream(bytes).use { it.write("{\"halo\":1}".toByteArray()) } }
            out.say("200 OK", zipped.toByteArray(), "Content-Encoding: gzip\r\n")
        }
        val answer = answer(server, request("POST", RequestBody.Bytes("{}".toByteArray())))
        assertEquals("{\"halo\":1}", String(answer.body))
        assertTrue(answer.headers.none { it.name.equals("Content-Encoding", true) || it.name.equals("Content-Length", true) })
    }

    @Test
    fun a_redirect_is_brought_and_not_followed() {
        val other = server { _, out -> out.say("200 OK", "dari tempat lain".toByteArray()) }
        val server = server { _, out -> out.say("302 Found", more = "Location: ${other.address}/login\r\n") }
        assertEquals(302, answer(server, request("GET")).status.toInt())
        assertTrue(other.seen.isEmpty())
    }

    @Test
    fun a_portals_page_is_brought_as_it_is() {
        val server = server { _, out -> out.say("200 OK", "<html>Masuk dulu</html>".toByteArray(), "Content-Type: text/html\r\n") }
        val answer = answer(server, request("POST", RequestBody.Bytes("{}".toByteArray())))
        assertEquals("<html>Masuk dulu</html>", String(answer.body))
    }

    @Test
    fun a_refusal_keeps_its_words() {
        val server = server { _, out -> out.say("401 Unauthorized", "{\"code\":\"signed_out\"}".toByteArray(), "WWW-Authenticate: Bearer\r\n") }
        for (body in listOf(RequestBody.None, RequestBody.Bytes("{}".toByteArray()))) {
            val answer = answer(server, request("POST", body))
            assertEquals(401, answer.status.toInt())
            assertEquals("{\"code\":\"signed_out\"}", String(answer.body))
        }
    }

    @Test
    fun a_refusal_of_a_streamed_body_is_an_answer_too() {
        val server = server { _, out -> out.say("401 Unauthorized", more = "WWW-Authenticate: Bearer\r\n") }
        val file = folder.newFile().apply { writeBytes(ByteArray(10)) }
        assertEquals(401, answer(server, request("PATCH", RequestBody.File(file.path, 0u, 10u))).status.toInt())
    }

    @Test
    fun an_answer_that_was_cut_off_is_none() {
        val server = server { _, out ->
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n".toByteArray() + ByteArray(1000))
            out.flush()
        }
        assertEquals(Outcome.NoNetwork, Http(server.address).send(request("GET")))
        val file = folder.newFile()
        assertEquals(Outcome.NoNetwork, Http(server.address).send(request("GET").copy(saveTo = file.path)))
    }

    @Test
    fun a_large_answer_goes_to_its_file() {
        val server = server { _, out -> out.say("200 OK", ByteArray(100_000) { 7 }) }
        val file = folder.newFile().apply { writeBytes(ByteArray(200_000)) }
        val answer = answer(server, request("GET").copy(saveTo = file.path))
        assertEquals(0, answer.body.size)
        assertArrayEquals(ByteArray(100_000) { 7 }, file.readBytes())
    }

    @Test
    fun the_rest_of_a_large_answer_goes_behind_what_is_there() {
        val server = server { _, out -> out.say("206 Partial Content", ByteArray(100) { 9 }, "Content-Range: bytes 1000-1099/1100\r\n") }
        val file = folder.newFile().apply { writeBytes(ByteArray(1000)) }
        answer(server, request("GET").copy(saveTo = file.path))
        assertArrayEquals(ByteArray(1000) + ByteArray(100) { 9 }, file.readBytes())
    }

    @Test
    fun a_refusal_does_not_go_to_the_file() {
        val server = server { _, out -> out.say("404 Not Found", "{\"code\":\"not_found\"}".toByteArray()) }
        val file = File(folder.root, "tidak-ada")
        assertEquals("{\"code\":\"not_found\"}", String(answer(server, request("GET").copy(saveTo = file.path)).body))
        assertTrue(!file.exists())
    }

    @Test
    fun an_upload_in_which_nothing_moves_is_given_up() {
        val server = server(readsBody = false) { _, _ -> Thread.sleep(60_000) }
        val file = large()
        val began = System.nanoTime()
        assertEquals(Outcome.NoNetwork, Http(server.address, 1000).send(request("PATCH", RequestBody.File(file.path, 0u, file.length().toULong()))))
        assertTrue(System.nanoTime() - began < 20_000_000_000)
    }

    @Test
    fun a_wait_for_an_answer_ends() {
        val server = server { _, _ -> Thread.sleep(60_000) }
        assertEquals(Outcome.NoNetwork, Http(server.address, 500).send(request("GET")))
    }

    @Test
    fun what_is_cut_counts_as_a_lost_network() {
        val server = server(readsBody = false) { _, _ -> Thread.sleep(60_000) }
        val file = large()
        val http = Http(server.address)
        thread {
            while (server.seen.isEmpty()) Thread.sleep(10)
            http.cut()
        }
        assertEquals(Outcome.NoNetwork, http.send(request("PATCH", RequestBody.File(file.path, 0u, file.length().toULong()))))
        assertEquals(Outcome.NoNetwork, http.send(request("GET")))
    }

    @Test
    fun nobody_and_nonsense_are_no_network() {
        val closed = server { _, _ -> }.also { it.close() }
        assertEquals(Outcome.NoNetwork, Http(closed.address).send(request("GET")))
        val nonsense = server { _, out -> out.write("bukan HTTP\r\n\r\n".toByteArray()) }
        assertEquals(Outcome.NoNetwork, Http(nonsense.address).send(request("GET")))
    }

    private fun large() = folder.newFile().apply { RandomAccessFile(this, "rw").use { it.setLength(60_000_000) } }

    private fun answer(server: Server, request: Request) = (Http(server.address).send(request) as Outcome.Answer).response

    private fun request(method: String, body: RequestBody = RequestBody.None, vararg headers: Header) =
        Request("1", method, "/v1/x", headers.toList(), body, null)

    private fun server(readsBody: Boolean = true, answer: (Seen, OutputStream) -> Unit) = Server(readsBody, answer).also { servers.add(it) }

    private fun OutputStream.say(status: String, body: ByteArray = ByteArray(0), more: String = "") {
        write("HTTP/1.1 $status\r\nContent-Length: ${body.size}\r\nConnection: close\r\n$more\r\n".toByteArray() + body)
        flush()
    }

    private class Seen(val head: String, val body: ByteArray) {
        fun header(name: String) = head.lines().firstOrNull { it.startsWith("$name:", ignoreCase = true) }?.substringAfter(':')?.trim()
    }

    /** Reads one request a connection and answers as it is told. */
    private class Server(private val readsBody: Boolean, private val answer: (Seen, OutputStream) -> Unit) : AutoCloseable {
        private val door = ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))
        val address = "http://127.0.0.1:${door.localPort}"
        val seen = CopyOnWriteArrayList<Seen>()

        init {
            thread(isDaemon = true) {
                try {
                    while (true) serve(door.accept())
                } catch (_: IOException) {
                    // Closed.
                }
            }
        }

        private fun serve(phone: java.net.Socket) = thread(isDaemon = true) {
            try {
                phone.use {
                    val input = BufferedInputStream(it.getInputStream())
                    val head = StringBuilder()
                    while (!head.endsWith("\r\n\r\n")) head.append(input.read().also { byte -> if (byte < 0) throw IOException() }.toChar())
                    val length = Regex("(?i)content-length: (\\d+)").find(head)?.groupValues?.get(1)?.toInt() ?: 0
                    val body = ByteArray(if (readsBody) length else 0).also { bytes -> DataInputStream(input).readFully(bytes) }
                    val what = Seen(head.toString(), body)
                    seen.add(what)
                    answer(what, it.getOutputStream())
                }
            } catch (_: IOException) {
                // The phone went away.
            }
        }

        override fun close() = door.close()
    }
}
