package id.tilik.app.phone

import java.net.InetAddress
import java.net.Socket
import javax.net.ssl.SSLSocketFactory

/**
 * TLS sockets that hold little of what is to be sent. On 32 kbit/s a system's usual buffer takes minutes to drain, in
 * which nothing seems to move; and whatever lies in it when the signal goes is sent again.
 */
internal class NarrowSockets private constructor(private val inner: SSLSocketFactory) : SSLSocketFactory() {
    override fun getDefaultCipherSuites(): Array<String> = inner.defaultCipherSuites

    override fun getSupportedCipherSuites(): Array<String> = inner.supportedCipherSuites

    override fun createSocket(): Socket = narrow(inner.createSocket())

    override fun createSocket(socket: Socket, host: String?, port: Int, autoClose: Boolean): Socket =
        inner.createSocket(narrow(socket), host, port, autoClose)

    override fun createSocket(host: String?, port: Int): Socket = narrow(inner.createSocket(host, port))

    override fun createSocket(host: String?, port: Int, local: InetAddress?, localPort: Int): Socket =
        narrow(inner.createSocket(host, port, local, localPort))

    override fun createSocket(host: InetAddress?, port: Int): Socket = narrow(inner.createSocket(host, port))

    override fun createSocket(host: InetAddress?, port: Int, local: InetAddress?, localPort: Int): Socket =
        narrow(inner.createSocket(host, port, local, localPort))

    private fun narrow(socket: Socket): Socket = socket.apply { sendBufferSize = BUFFER }

    internal companion object {
        @Volatile
        private var shared: NarrowSockets? = null

        /** The same one for all requests: the system keeps a connection only for those that come with the same factory. */
        fun over(inner: SSLSocketFactory): NarrowSockets =
            shared?.takeIf { it.inner === inner } ?: NarrowSockets(inner).also { shared = it }

        /** 16 seconds at 32 kbit/s; at 50 ms of round trip still more than a megabyte a second. */
        private const val BUFFER = 64 * 1024
    }
}
