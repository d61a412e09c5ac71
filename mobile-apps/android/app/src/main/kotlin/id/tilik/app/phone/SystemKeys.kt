package id.tilik.app.phone

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey

/** The keystore by the names of its keys. A test gives one in which keys vanish and doors jam. */
internal interface SystemKeys {
    /** Whether this phone says that it has a StrongBox. */
    val hasStrongBox: Boolean

    /** Whether there is a key of this name. Some systems say no when they only could not look. */
    fun has(alias: String): Boolean

    /** The key that wraps. Throws when there is none. */
    fun wrapping(alias: String): SecretKey

    /** The secret half of the key that signs. Throws when there is none. */
    fun signing(alias: String): PrivateKey

    /** The public half of the key that signs. Throws when there is none. */
    fun verifying(alias: String): ECPublicKey

    /** Makes a key that wraps; one of the same name is gone. */
    fun makeWrapping(alias: String): SecretKey

    /** Makes a key that signs; one of the same name is gone. */
    fun makeSigning(alias: String, inStrongBox: Boolean)

    /** Removes a key. */
    fun remove(alias: String)

    /** Where the key that signs lives, in the core's words. */
    fun level(alias: String, wasStrongBox: Boolean): String
}

/** The system's own. */
internal class AndroidSystemKeys(private val context: Context) : SystemKeys {
    override val hasStrongBox: Boolean
        get() = Build.VERSION.SDK_INT >= 28 &&
            context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)

    override fun has(alias: String): Boolean = store().containsAlias(alias)

    // A null is an exception here, and so trouble: who asks knows that the key is there.
    override fun wrapping(alias: String): SecretKey = store().getKey(alias, null) as SecretKey

    override fun signing(alias: String): PrivateKey = store().getKey(alias, null) as PrivateKey

    override fun verifying(alias: String): ECPublicKey = store().getCertificate(alias).publicKey as ECPublicKey

    override fun makeWrapping(alias: String): SecretKey {
        // Not in StrongBox: it is slow, and the store is opened at every start.
        val spec = KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
            .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).run {
            init(spec)
            generateKey()
        }
    }

    override fun makeSigning(alias: String, inStrongBox: Boolean) {
        val builder = KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_SIGN)
            .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
            .setDigests(KeyProperties.DIGEST_SHA256)
        if (Build.VERSION.SDK_INT >= 28 && inStrongBox) builder.setIsStrongBoxBacked(true)
        val spec = builder.build()
        KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, PROVIDER).run {
            initialize(spec)
            generateKeyPair()
        }
    }

    override fun remove(alias: String) = store().deleteEntry(alias)

    override fun level(alias: String, wasStrongBox: Boolean): String {
        val key = signing(alias)
        val info = KeyFactory.getInstance(key.algorithm, PROVIDER).getKeySpec(key, KeyInfo::class.java)
        return when {
            Build.VERSION.SDK_INT >= 31 -> when (info.securityLevel) {
                KeyProperties.SECURITY_LEVEL_STRONGBOX -> "strongbox"
                KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT,
                KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE,
                -> "tee"
                else -> "software"
            }
            // Before, the system did not tell the two apart, but it made no StrongBox key elsewhere.
            insideHardware(info) -> if (wasStrongBox) "strongbox" else "tee"
            else -> "software"
        }
    }

    @Suppress("DEPRECATION")
    private fun insideHardware(info: KeyInfo): Boolean = info.isInsideSecureHardware

    private fun store(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
    }
}
