package id.tilik.app.phone

import java.io.File
import java.io.IOException
import java.security.SecureRandom
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import uniffi.tilik_mobile_core.Keys
import uniffi.tilik_mobile_core.PortException

/**
 * The key of what is encrypted on this phone: 32 random bytes, kept in `folder` wrapped by a key of the keystore.
 *
 * A wrapped key that cannot be opened is put aside, and only when the core says so: another key opens nothing that is there.
 */
internal class DatabaseKey(private val keystore: Keystore, private val folder: File) : Keys {
    private val file = File(folder, "database.key")
    private var plain: ByteArray? = null

    override fun databaseKey(): ByteArray = synchronized(this) {
        val key = plain ?: (if (file.exists()) unwrap() else first()).also { plain = it }
        key.copyOf()
    }

    override fun newDatabaseKey(): ByteArray = synchronized(this) {
        reading {
            if (file.exists() && !file.renameTo(File(folder, "database.key.lost"))) throw IOException("rename")
        }
        make(keystore.newWrappingKey()).also { plain = it }.copyOf()
    }

    private fun unwrap(): ByteArray {
        val wrapped = reading { file.readBytes() }
        if (wrapped.size != IV + KEY + TAG) throw PortException.Lost()
        val wrapping = keystore.wrappingKey(mayMake = false)
            ?: throw if (keystore.hasLostWrappingKey()) PortException.Lost() else PortException.Failed()
        return trying { cipher(Cipher.DECRYPT_MODE, wrapping, wrapped.copyOf(IV)).doFinal(wrapped, IV, KEY + TAG) }
    }

    private fun first(): ByteArray = make(keystore.wrappingKey(mayMake = true) ?: throw PortException.Failed())

    private fun make(wrapping: SecretKey): ByteArray {
        val key = ByteArray(KEY).also { SecureRandom().nextBytes(it) }
        val wrapped = trying { cipher(Cipher.ENCRYPT_MODE, wrapping, null).run { iv + doFinal(key) } }
        reading { writeDurably(file, wrapped) }
        return key
    }

    private fun cipher(mode: Int, key: SecretKey, iv: ByteArray?): Cipher =
        Cipher.getInstance("AES/GCM/NoPadding").apply {
            // The keystore chooses the nonce by itself when it encrypts, and insists on it.
            if (iv == null) init(mode, key) else init(mode, key, GCMParameterSpec(TAG * 8, iv))
        }

    private fun <T> reading(work: () -> T): T = try {
        work()
    } catch (_: IOException) {
        throw PortException.Failed()
    }

    private companion object {
        const val IV = 12
        const val KEY = 32
        const val TAG = 16
    }
}
