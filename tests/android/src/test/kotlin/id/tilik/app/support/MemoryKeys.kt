package id.tilik.app.support

import id.tilik.app.phone.SystemKeys
import java.security.GeneralSecurityException
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.ProviderException
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey

/** A keystore in memory, in which keys vanish and doors jam. */
internal class MemoryKeys : SystemKeys {
    val secrets = HashMap<String, SecretKey>()
    val pairs = HashMap<String, KeyPair>()

    /** It cannot look, and says that there is nothing. */
    var isBlind = false

    /** What it throws in the place of a key that is there. */
    var trouble: Exception? = null

    /** Nothing can be looked for, nor had, meanwhile. */
    fun <T> blindly(work: () -> T): T {
        isBlind = true
        isShut = true
        return try {
            work()
        } finally {
            isBlind = false
            isShut = false
        }
    }

    private var isShut = false

    override val hasStrongBox = false

    override fun has(alias: String) = !isBlind && (alias in secrets || alias in pairs)

    override fun wrapping(alias: String): SecretKey {
        trouble?.let { throw it }
        return secrets.getValue(alias)
    }

    override fun signing(alias: String): PrivateKey {
        if (isShut) throw ProviderException("sibuk")
        return pairs.getValue(alias).private
    }

    override fun verifying(alias: String) = pairs.getValue(alias).public as ECPublicKey

    override fun makeWrapping(alias: String): SecretKey =
        KeyGenerator.getInstance("AES").apply { init(256) }.generateKey().also { secrets[alias] = it }

    override fun makeSigning(alias: String, inStrongBox: Boolean) {
        if (inStrongBox) throw GeneralSecurityException("none")
        val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
        pairs[alias] = pair
    }

    override fun remove(alias: String) {
        secrets.remove(alias)
    }

    override fun level(alias: String, wasStrongBox: Boolean) = "software"
}
