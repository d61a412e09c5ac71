package id.tilik.app.phone

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.UserNotAuthenticatedException
import java.math.BigInteger
import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.ProviderException
import java.security.Signature
import java.security.UnrecoverableKeyException
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import uniffi.tilik_mobile_core.PortException
import uniffi.tilik_mobile_core.Signer

/**
 * The phone's own keystore: the key that signs visits, and the key that the database key is wrapped with. Neither leaves
 * the hardware.
 *
 * Neither asks for an unlocked screen: what was sealed is announced, and announcements are signed, also at night.
 */
internal class Keystore(private val context: Context) : Signer {
    private var publicHalf: ByteArray? = null

    override fun publicKey(): ByteArray = synchronized(this) {
        publicHalf ?: trying { uncompressed(store().getCertificate(signingAlias()).publicKey as ECPublicKey) }
            .also { publicHalf = it }
    }

    override fun sign(message: ByteArray): ByteArray = synchronized(this) {
        trying {
            val key = store().getKey(signingAlias(), null) as PrivateKey
            Signature.getInstance("SHA256withECDSA").run {
                initSign(key)
                update(message)
                sign()
            }
        }
    }

    override fun level(): String = synchronized(this) {
        trying {
            val alias = signingAlias()
            val key = store().getKey(alias, null) as PrivateKey
            val info = KeyFactory.getInstance(key.algorithm, PROVIDER).getKeySpec(key, KeyInfo::class.java)
            levelOf(info, alias == SIGNING_STRONGBOX)
        }
    }

    /** The key that wraps the database key; made at the first call. Null when it is lost and `mayMake` forbids another. */
    fun wrappingKey(mayMake: Boolean): SecretKey? = synchronized(this) {
        trying {
            val store = store()
            when {
                store.containsAlias(WRAPPING) -> store.getKey(WRAPPING, null) as SecretKey
                mayMake -> makeAesKey(WRAPPING)
                else -> null
            }
        }
    }

    /** Another wrapping key in the place of the one that is lost. */
    fun newWrappingKey(): SecretKey = synchronized(this) { trying { makeAesKey(WRAPPING) } }

    /**
     * Whether the wrapping key is gone for good. Some systems say that a key is not there when they only could not look, so
     * the keystore has to show that it is well: it makes a key, uses it, and finds that one and not the other.
     */
    fun hasLostWrappingKey(): Boolean = synchronized(this) {
        try {
            val probe = makeAesKey(PROBE)
            val sealing = Cipher.getInstance(AES_GCM).apply { init(Cipher.ENCRYPT_MODE, probe) }
            val sealed = sealing.doFinal(byteArrayOf(7))
            val opening = Cipher.getInstance(AES_GCM)
            opening.init(Cipher.DECRYPT_MODE, probe, GCMParameterSpec(128, sealing.iv))
            val isWell = opening.doFinal(sealed).contentEquals(byteArrayOf(7))
            val store = store()
            val isLost = isWell && store.containsAlias(PROBE) && !store.containsAlias(WRAPPING)
            store.deleteEntry(PROBE)
            isLost
        } catch (_: GeneralSecurityException) {
            false
        } catch (_: RuntimeException) {
            false
        }
    }

    /** The name of the signing key that there is. A phone that had none gets one, in the safest place it has. */
    private fun signingAlias(): String {
        val store = store()
        for (alias in listOf(SIGNING_STRONGBOX, SIGNING)) {
            if (store.containsAlias(alias)) return alias
        }
        if (hasStrongBox()) {
            try {
                makeSigningKey(SIGNING_STRONGBOX, inStrongBox = true)
                return SIGNING_STRONGBOX
            } catch (_: ProviderException) {
                // Some phones say that they have one and cannot make this key in it.
            }
        }
        makeSigningKey(SIGNING, inStrongBox = false)
        return SIGNING
    }

    private fun makeSigningKey(alias: String, inStrongBox: Boolean) {
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

    private fun makeAesKey(alias: String): SecretKey {
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

    private fun hasStrongBox(): Boolean = Build.VERSION.SDK_INT >= 28 &&
        context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)

    private fun store(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    companion object {
        private const val PROVIDER = "AndroidKeyStore"
        private const val SIGNING = "tilik.signing"
        private const val SIGNING_STRONGBOX = "tilik.signing.strongbox"
        private const val WRAPPING = "tilik.database"
        private const val PROBE = "tilik.probe"
        private const val AES_GCM = "AES/GCM/NoPadding"

        private fun levelOf(info: KeyInfo, wasStrongBox: Boolean): String = when {
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

        @Suppress("DEPRECATION")
        private fun insideHardware(info: KeyInfo): Boolean = info.isInsideSecureHardware

        /** SEC1, uncompressed. */
        internal fun uncompressed(key: ECPublicKey): ByteArray =
            byteArrayOf(4) + coordinate(key.w.affineX) + coordinate(key.w.affineY)

        /** 32 bytes, big end first: a `BigInteger` has a sign byte too many, or too few bytes. */
        private fun coordinate(value: BigInteger): ByteArray {
            val bytes = value.toByteArray()
            val out = ByteArray(32)
            val length = minOf(bytes.size, 32)
            System.arraycopy(bytes, bytes.size - length, out, 32 - length, length)
            return out
        }
    }
}

/**
 * Keystores of cheap phones fail now and then for no reason and are well a moment later; one that still fails is told to
 * the core by what may help.
 */
internal fun <T> trying(work: () -> T): T {
    var round = 0
    while (true) {
        val failed = try {
            return work()
        } catch (error: GeneralSecurityException) {
            error
        } catch (error: RuntimeException) {
            // Providers throw these, and a key that vanished between two calls is a null.
            error
        }
        if (isLocked(failed)) throw PortException.Locked()
        round += 1
        if (round == TRIES) throw if (isLost(failed)) PortException.Lost() else PortException.Failed()
        Thread.sleep(50L shl round)
    }
}

private const val TRIES = 3

/** The key is gone for good, or is not the one that wrapped what it was to open. */
private fun isLost(error: Throwable): Boolean = error is KeyPermanentlyInvalidatedException ||
    error is UnrecoverableKeyException || error is AEADBadTagException

private fun isLocked(error: Throwable?): Boolean = when {
    error == null -> false
    error is UserNotAuthenticatedException -> true
    Build.VERSION.SDK_INT >= 33 && error is android.security.KeyStoreException -> error.isTransientFailure
    else -> isLocked(error.cause)
}
