package id.tilik.app.phone

import java.io.File

/**
 * Remembers in `file` since which boot a key cannot be had. Lost for good it is only when an earlier boot saw it too: what
 * a keystore says on a bad day, a restart takes back.
 */
internal class LossNote(private val file: File, private val boot: String, private val write: (File, ByteArray) -> Unit) {
    /** Notes that the key cannot be had now; whether it was so in an earlier boot. */
    fun isSure(): Boolean {
        val noted = if (file.exists()) file.readText() else ""
        if (noted.isEmpty()) write(file, boot.toByteArray())
        return noted.isNotEmpty() && noted != boot
    }

    /** The key was had: what was feared before does not count. */
    fun forgive() {
        if (!file.exists()) return
        // Emptied first: a deletion alone may be undone by a power cut.
        write(file, ByteArray(0))
        file.delete()
    }
}
