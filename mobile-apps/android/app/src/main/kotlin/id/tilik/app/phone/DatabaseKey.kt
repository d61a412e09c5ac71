package id.tilik.app.phone

import java.io.File
import java.security.SecureRandom
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import uniffi.tilik_mobile_core.Keys
import uniffi.tilik_mobile_core.PortException

/**
 * The key of what is encrypted on this phone: 32 random bytes, kept in `folder` wrapped by a key of the keystore. Behind
 * them in the file stands the name of that key; without one it is the first.
 *
 * A key that is lost, as `LossNote` understands it, stays where it is, wrapped and wrapping; the next has other names.
 */
internal class DatabaseKey(
    private val keystore: Keystore,
    private val folder: File,
    boot: String,
    private val write: (File, ByteArray) -> Unit = ::writeDurably,
) : Keys {
    private val file = File(folder, "database.key")
    private val loss = LossNote(File(folder, "lost.since"), boot, write)
    private var plain: ByteArray? = null

    override fun databaseKey(): ByteArray = synchronized(this) {
        val key = plain ?: sure { if (file.exists()) unwrap() else first() }.also { plain = it }
        key.copyOf()
    }

    override fun newDatabaseKey(): ByteArray = synchronized(this) {
        val next = reading {
            // Copied, not moved: without the file the next start would take this phone for a new one.
            if (file.exists()) write(File(folder, "database.key.${numberOf(file.readBytes())}"), file.readBytes())
            last() + 1
        }
        // What enrols anew signs with another key; the old one may be as lost as this one.
        keystore.forgetSigning()
        val key = make(name(next), keystore.newWrappingKey(name(next)))
        plain = key
        reading { loss.forgive() }
        key.copyOf()
    }

    /** Lets a loss be said only when it is sure. */
    private fun sure(work: () -> ByteArray): ByteArray {
        val key = try {
            work()
        } catch (lost: PortException.Lost) {
            throw if (reading { loss.isSure() }) lost else PortException.Failed()
        }
        reading { loss.forgive() }
        return key
    }

    private fun unwrap(): ByteArray {
        val kept = reading { file.readBytes() }
        if (kept.size < WRAPPED) throw PortException.Lost()
        val alias = name(numberOf(kept))
        val wrapping = keystore.wrappingKey(alias)
            ?: throw if (keystore.hasLostWrappingKey(alias)) PortException.Lost() else PortException.Failed()
        return trying { cipher(Cipher.DECRYPT_MODE, wrapping, kept.copyOf(IV)).doFinal(kept, IV, KEY + TAG) }
    }

    private fun first(): ByteArray {
        val alias = name(reading { last() } + 1)
        return make(alias, keystore.wrappingKey(alias) ?: keystore.newWrappingKey(alias))
    }

    private fun make(alias: String, wrapping: SecretKey): ByteArray {
        val key = ByteArray(KEY).also { SecureRandom().nextBytes(it) }
        val wrapped = trying { cipher(Cipher.ENCRYPT_MODE, wrapping, null).run { iv + doFinal(key) } }
        reading { write(file, wrapped + alias.toByteArray()) }
        return key
    }

    private fun cipher(mode: Int, key: SecretKey, iv: ByteArray?): Cipher =
        Cipher.getInstance("AES/GCM/NoPadding").apply {
            // The keystore chooses the nonce by itself when it encrypts, and insists on it.
            if (iv == null) init(mode, key) else init(mode, key, GCMParameterSpec(TAG * 8, iv))
        }

    /** The highest number that a wrapping key of this phone has, or had; 0: there was none. */
    private fun last(): Int {
        val names = folder.list().orEmpty()
        val old = names.mapNotNull { it.removePrefix("database.key.").toIntOrNull() }.maxOrNull() ?: 0
        // An older app put the one key that it lost aside under this name.
        val older = if ("database.key.lost" in names) 1 else 0
        return maxOf(old, older, if (file.exists()) numberOf(file.readBytes()) else 0)
    }

    private fun numberOf(kept: ByteArray): Int =
        kept.drop(WRAPPED).toByteArray().decodeToString().removePrefix("$FIRST.").toIntOrNull() ?: 1

    private fun name(number: Int): String = if (number == 1) FIRST else "$FIRST.$number"

    private companion object {
        const val FIRST = "tilik.database"
        const val IV = 12
        const val KEY = 32
        const val TAG = 16
        const val WRAPPED = IV + KEY + TAG
    }
}
