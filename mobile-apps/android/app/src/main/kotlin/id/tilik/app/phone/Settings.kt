package id.tilik.app.phone

import android.content.Context
import android.content.SharedPreferences
import java.net.URI
import java.net.URISyntaxException

/** What the app remembers by itself. Nothing about people. */
class Settings internal constructor(context: Context) {
    private val mayBeLocal = isDebuggable(context)
    private val store: SharedPreferences by lazy { context.getSharedPreferences("tilik", Context.MODE_PRIVATE) }

    /** What is wrong with an address. */
    enum class ServerProblem { EMPTY, NOT_HTTPS, NOT_AN_ADDRESS }

    /** What an enrolment slip says. Typed, it may be the code alone. */
    data class Invitation(val server: String?, val code: String)

    /** The server, such as `https://tilik.kedirikota.go.id`, without a slash at its end; null until it is known. */
    val server: String?
        get() = store.getString(SERVER, null)

    /** Remembers the server. Null: done; else what is wrong, and nothing is changed. */
    fun setServer(typed: String): ServerProblem? = when (val read = readServer(typed, mayBeLocal)) {
        is Address.Good -> {
            // Written before the code is sent there: an enrolment without its address could not be answered.
            store.edit().putString(SERVER, read.server).commit()
            null
        }
        is Address.Bad -> read.why
    }

    /** Reads what the square code of an enrolment slip says, or a typed code; null when it is neither. */
    fun readInvitation(text: String): Invitation? {
        val lines = text.trim().lines().map { it.trim() }
        return when {
            lines.size == 3 && lines[0] == HEAD -> {
                val server = readServer(lines[1], mayBeLocal) as? Address.Good
                if (server == null) null else code(lines[2])?.let { Invitation(server.server, it) }
            }
            lines.size == 1 -> code(lines[0])?.let { Invitation(null, it) }
            else -> null
        }
    }

    internal sealed class Address {
        class Good(val server: String) : Address()
        class Bad(val why: ServerProblem) : Address()
    }

    internal companion object {
        private const val SERVER = "server"
        private const val HEAD = "tilik enrol v1"

        /** The developer's own machine, as an emulator and a cable show it. */
        private val LOCAL = setOf("10.0.2.2", "127.0.0.1", "localhost")

        /** The server that was typed. Without a scheme it is https; with http only a machine of the developer's own. */
        fun readServer(typed: String, mayBeLocal: Boolean): Address {
            val text = typed.trim().trimEnd('/')
            if (text.isEmpty()) return Address.Bad(ServerProblem.EMPTY)
            val uri = try {
                URI(if ("://" in text) text else "https://$text")
            } catch (_: URISyntaxException) {
                return Address.Bad(ServerProblem.NOT_AN_ADDRESS)
            }
            val host = uri.host?.lowercase() ?: return Address.Bad(ServerProblem.NOT_AN_ADDRESS)
            val scheme = uri.scheme.lowercase()
            val isLocal = mayBeLocal && scheme == "http" && host in LOCAL
            if (scheme != "https" && !isLocal) return Address.Bad(ServerProblem.NOT_HTTPS)
            val isBare = uri.rawPath.isNullOrEmpty() && uri.rawQuery == null && uri.rawFragment == null && uri.rawUserInfo == null
            val isNamed = isLocal || '.' in host
            if (!isBare || !isNamed || uri.port > 65535) return Address.Bad(ServerProblem.NOT_AN_ADDRESS)
            return Address.Good(if (uri.port < 0) "$scheme://$host" else "$scheme://$host:${uri.port}")
        }

        /** A code as it is read out: its halves apart or not, in any case. */
        private fun code(typed: String): String? =
            typed.filterNot { it.isWhitespace() || it == '-' }.uppercase()
                .takeIf { it.isNotEmpty() && it.all(Char::isLetterOrDigit) }
    }
}
