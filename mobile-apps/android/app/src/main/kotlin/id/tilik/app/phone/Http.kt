package id.tilik.app.phone

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.FileInputStream
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.io.RandomAccessFile
import java.net.HttpRetryException
import java.net.HttpURLConnection
import java.net.URL
import java.security.cert.CertificateException
import java.util.concurrent.Executors
import java.util.concurrent.ScheduledExecutorService
import java.util.concurrent.ScheduledFuture
import java.util.concurrent.TimeUnit
import java.util.zip.GZIPInputStream
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLException
import javax.net.ssl.SSLPeerUnverifiedException
import uniffi.tilik_mobile_core.Header
import uniffi.tilik_mobile_core.Request
import uniffi.tilik_mobile_core.RequestBody
import uniffi.tilik_mobile_core.Response

/** What came of one request. */
internal sealed class Outcome {
    /** An answer, from whomever: also a hotel's sign-in page. The core knows its own server's answers. */
    class Answer(val response: Response) : Outcome()

    /** None, or a broken one. */
    object NoNetwork : Outcome()

    /** Whoever answered could not prove to be the server. */
    object WrongCertificate : Outcome()
}

/**
 * Sends one request of the core at a time, as it is. A body that lies in a file is streamed from there, an answer that
 * belongs in a file is streamed to it.
 *
 * There is no limit on the time a transfer takes, only on the time in which nothing moves. Redirects are not followed:
 * what is sent here goes to this server or to nobody.
 */
internal class Http(private val server: String, private val idleMillis: Long = IDLE_MILLIS) {
    @Volatile
    private var current: HttpURLConnection? = null

    @Volatile
    private var isCut = false

    /** Sends `request` and waits for what comes. */
    fun send(request: Request): Outcome {
        val connection = try {
            URL(server + request.path).openConnection() as HttpURLConnection
        } catch (_: IOException) {
            return Outcome.NoNetwork
        }
        val idle = IdleWatch(connection, idleMillis)
        current = connection
        return try {
            if (isCut) throw IOException("cut")
            prepare(connection, request)
            idle.start()
            val early = upload(connection, request.body, idle)
            Outcome.Answer(answer(connection, request, idle, early))
        } catch (error: SSLException) {
            if (isAboutCertificate(error)) Outcome.WrongCertificate else Outcome.NoNetwork
        } catch (_: IOException) {
            Outcome.NoNetwork
        } catch (_: RuntimeException) {
            // Some phones' HTTP stacks throw these for odd answers, such as a header without a name.
            Outcome.NoNetwork
        } finally {
            idle.stop()
            current = null
        }
    }

    /** Ends what is on its way; it counts as a lost network. */
    fun cut() {
        isCut = true
        // Closing a socket may wait for the network, which the caller's thread must not.
        val connection = current ?: return
        IdleWatch.clock.execute { connection.disconnect() }
    }

    private fun prepare(connection: HttpURLConnection, request: Request) {
        connection.connectTimeout = idleMillis.toInt()
        connection.readTimeout = idleMillis.toInt()
        connection.instanceFollowRedirects = false
        connection.useCaches = false
        if (connection is HttpsURLConnection) {
            connection.sslSocketFactory = NarrowSockets.over(connection.sslSocketFactory)
        }
        // HttpURLConnection knows no PATCH; the server takes the word for it.
        val isOverridden = request.method !in METHODS
        connection.requestMethod = if (isOverridden) "POST" else request.method
        if (isOverridden) connection.setRequestProperty("X-HTTP-Method-Override", request.method)
        // Said by ourselves, so that every system's stack leaves the answer to us.
        connection.setRequestProperty("Accept-Encoding", if (request.saveTo == null) "gzip" else "identity")
        for (header in request.headers) connection.setRequestProperty(header.name, header.value)
    }

    /** Sends the body. What broke while sending is kept: the server may have answered before it had everything. */
    private fun upload(connection: HttpURLConnection, body: RequestBody, idle: IdleWatch): IOException? {
        when (body) {
            is RequestBody.None -> {
                if (connection.requestMethod != "POST" && connection.requestMethod != "PUT") return null
                connection.doOutput = true
                connection.outputStream.close()
            }
            is RequestBody.Bytes -> {
                connection.doOutput = true
                connection.outputStream.use { it.write(body.bytes) }
            }
            is RequestBody.File -> {
                val length = body.length.toLong()
                FileInputStream(body.path).use { file ->
                    skip(file, body.offset.toLong())
                    connection.doOutput = true
                    connection.setFixedLengthStreamingMode(length)
                    val out = connection.outputStream
                    try {
                        copy(file, out, length, idle)
                        out.close()
                    } catch (error: IOException) {
                        return error
                    }
                }
            }
        }
        return null
    }

    private fun answer(connection: HttpURLConnection, request: Request, idle: IdleWatch, early: IOException?): Response {
        val status = try {
            connection.responseCode
        } catch (error: HttpRetryException) {
            // A 401 to a streamed body, on stacks that would like to send it again.
            return Response(error.responseCode().toUShort(), headers(connection), ByteArray(0))
        } catch (error: IOException) {
            throw early ?: error
        }
        if (status < 0) throw IOException("not HTTP")
        val stream = if (status >= 400) connection.errorStream else connection.inputStream
        val saveTo = request.saveTo
        val isSaved = saveTo != null && status in 200..299
        val body = when {
            stream == null || request.method == "HEAD" -> ByteArray(0)
            saveTo != null && isSaved -> stream.use {
                save(it, File(saveTo), connection, status, idle)
                ByteArray(0)
            }
            else -> stream.use { read(unzipped(it, connection), idle) }
        }
        // Some stacks take an answer that was cut off for a whole one. A zipped one that was cut does not unzip.
        val length = connection.contentLengthLong
        val isWhole = isSaved || request.method == "HEAD" || isZipped(connection) || length < 0 || length == body.size.toLong()
        if (!isWhole) throw IOException("cut short")
        return Response(status.toUShort(), headers(connection), body)
    }

    private fun unzipped(stream: InputStream, connection: HttpURLConnection): InputStream =
        if (isZipped(connection)) GZIPInputStream(stream) else stream

    private fun isZipped(connection: HttpURLConnection) = connection.contentEncoding.equals("gzip", ignoreCase = true)

    private fun read(stream: InputStream, idle: IdleWatch): ByteArray {
        val out = ByteArrayOutputStream()
        val part = ByteArray(PART)
        while (true) {
            val read = stream.read(part)
            if (read < 0) return out.toByteArray()
            idle.moved()
            // More than any answer of the server's: somebody else is talking.
            if (out.size() + read > MOST_BYTES) throw IOException("too long")
            out.write(part, 0, read)
        }
    }

    private fun save(stream: InputStream, file: File, connection: HttpURLConnection, status: Int, idle: IdleWatch) {
        RandomAccessFile(file, "rw").use { out ->
            val from = if (status == 206) rangeStart(connection.getHeaderField("Content-Range")) else 0
            // A gap before what comes would be bytes that nobody sent.
            if (from > out.length()) throw IOException("a gap")
            out.setLength(from)
            out.seek(from)
            val part = ByteArray(PART)
            var saved = 0L
            while (true) {
                val read = stream.read(part)
                if (read < 0) break
                out.write(part, 0, read)
                saved += read
                idle.moved()
            }
            val length = connection.contentLengthLong
            if (length >= 0 && saved != length) throw IOException("cut short")
            out.fd.sync()
        }
    }

    private fun headers(connection: HttpURLConnection): List<Header> {
        val isUnzipped = isZipped(connection)
        return connection.headerFields.flatMap { (name, values) ->
            when {
                // The status line has no name.
                name == null -> emptyList()
                isUnzipped && (name.equals("Content-Encoding", true) || name.equals("Content-Length", true)) -> emptyList()
                else -> values.map { Header(name, it) }
            }
        }
    }

    internal companion object {
        const val IDLE_MILLIS = 60_000L
        private const val PART = 16 * 1024
        private const val MOST_BYTES = 32 * 1024 * 1024
        private val METHODS = setOf("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS")

        private fun copy(from: InputStream, to: OutputStream, length: Long, idle: IdleWatch) {
            val part = ByteArray(PART)
            var left = length
            while (left > 0) {
                val read = from.read(part, 0, minOf(left, PART.toLong()).toInt())
                if (read < 0) throw IOException("the file is shorter")
                to.write(part, 0, read)
                left -= read
                idle.moved()
            }
            to.flush()
        }

        private fun skip(stream: FileInputStream, bytes: Long) {
            stream.channel.position(bytes)
        }

        /** The first byte of `bytes 100-199/200`. */
        private fun rangeStart(header: String?): Long =
            header?.removePrefix("bytes ")?.substringBefore('-')?.toLongOrNull() ?: throw IOException("no range")

        private fun isAboutCertificate(error: Throwable?): Boolean = when (error) {
            null -> false
            is CertificateException, is SSLPeerUnverifiedException -> true
            else -> isAboutCertificate(error.cause)
        }
    }
}

/**
 * Ends a connection on which nothing has moved for too long. Reading has a limit of its own in the system; writing has
 * none, and a phone that walked out of the signal would hang in it for a quarter of an hour.
 */
internal class IdleWatch(private val connection: HttpURLConnection, private val idleMillis: Long) {
    @Volatile
    private var movedAt = System.nanoTime()
    private var task: ScheduledFuture<*>? = null

    fun start() {
        moved()
        val every = (idleMillis / 6).coerceAtLeast(1)
        task = clock.scheduleWithFixedDelay({ look() }, every, every, TimeUnit.MILLISECONDS)
    }

    /** Something moved. */
    fun moved() {
        movedAt = System.nanoTime()
    }

    fun stop() {
        task?.cancel(false)
    }

    private fun look() {
        // A little later than the reading limit, which ends a wait for the answer with a better word.
        if (System.nanoTime() - movedAt > TimeUnit.MILLISECONDS.toNanos(idleMillis * 3 / 2)) {
            connection.disconnect()
            stop()
        }
    }

    internal companion object {
        val clock: ScheduledExecutorService =
            Executors.newScheduledThreadPool(1) { Thread(it, "idle-watch").apply { isDaemon = true } }
    }
}
