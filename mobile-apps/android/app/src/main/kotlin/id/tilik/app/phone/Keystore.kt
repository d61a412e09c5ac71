package id.tilik.app.phone

import android.os.Build
import android.security.keystore.UserNotAuthenticatedException
import java.io.File
import java.io.IOException
import java.math.BigInteger
import java.security.GeneralSecurityException
import java.security.InvalidKeyException
import java.security.ProviderException
import java.security.Signature
import java.security.UnrecoverableKeyException
import java.security.interfaces.ECPublicKey
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import uniffi.tilik_mobile_core.PortException
import uniffi.tilik_mobile_core.Signer

/**
 * The phone's own keystore: the key that signs visits, and the key that the database key is wrapped with. Neither leaves
 * the hardware.
 *
 * Neither asks for an unlocked screen: what was sealed is announced, and announcements are signed, also at night.
 *
 * Which key signs is written down in `folder`. The keystore's own word is not enough: one that could not look says that
 * there is none, and a key made then would take the place of the one that is enrolled.
 */
internal class Keystore(
    private val system: SystemKeys,
    private val folder: File,
    boot: String,
    private val write: (File, ByteArray) -> Unit = ::writeDurably,
) : Signer {
    private val loss = LossNote(File(folder, "signing.since"), boot, write)
    private val marker = File(folder, "signing.alias")
    private val number = File(folder, "signing.number")
    private var publicHalf: ByteArray? = null

    override fun publicKey(): ByteArray = synchronized(this) {
        publicHalf ?: signing { uncompressed(system.verifying(it)) }.also { publicHalf = it }
    }

    override fun sign(message: ByteArray): ByteArray = synchronized(this) {
        signing { alias ->
            val key = system.signing(alias)
            Signature.getInstance("SHA256withECDSA").run {
                initSign(key)
                update(message)
                sign()
            }
        }
    }

    override fun level(): String = synchronized(this) { signing { system.level(it, it.endsWith(STRONGBOX)) } }

    /** A new enrolment follows: the next signing key is another one. The old one stays where it is. */
    fun forgetSigning() = synchronized(this) {
        reading {
            // First the number: without it the old key would be found again, or written over.
            if (marker.exists()) write(number, (generation() + 1).toString().toByteArray())
            if (marker.exists() && !marker.delete()) throw IOException("not deleted")
        }
        publicHalf = null
    }

    /** The key that wraps the database key; null when the keystore says that there is none. */
    fun wrappingKey(alias: String): SecretKey? = synchronized(this) {
        trying { if (system.has(alias)) system.wrapping(alias) else null }
    }

    /** Makes a wrapping key of a name that no key has. */
    fun newWrappingKey(alias: String): SecretKey = synchronized(this) { trying { system.makeWrapping(alias) } }

    /** Whether the wrapping key is not there, said by a keystore that shows that it is well. */
    fun hasLostWrappingKey(alias: String): Boolean = synchronized(this) { areAbsent(listOf(alias)) }

    /**
     * Whether none of these keys is there. Some systems say that a key is not there when they only could not look, so
     * the keystore has to show that it is well: it makes a key, uses it, and finds that one and not the others.
     */
    private fun areAbsent(aliases: List<String>): Boolean = try {
        val probe = system.makeWrapping(PROBE)
        val sealing = Cipher.getInstance(AES_GCM).apply { init(Cipher.ENCRYPT_MODE, probe) }
        val sealed = sealing.doFinal(byteArrayOf(7))
        val opening = Cipher.getInstance(AES_GCM)
        opening.init(Cipher.DECRYPT_MODE, probe, GCMParameterSpec(128, sealing.iv))
        val isWell = opening.doFinal(sealed).contentEquals(byteArrayOf(7))
        val areAbsent = isWell && system.has(PROBE) && aliases.none(system::has)
        system.remove(PROBE)
        areAbsent
    } catch (_: GeneralSecurityException) {
        false
    } catch (_: RuntimeException) {
        false
    }

    /**
     * What needs the signing key. One that is surely lost is followed by another: the server does not know that one, and
     * the phone is to be enrolled anew, which it could not be without a key.
     */
    private fun <T> signing(work: (String) -> T): T {
        val done = try {
            once(work)
        } catch (_: PortException.Lost) {
            if (!reading { loss.isSure() }) throw PortException.Failed()
            forgetSigning()
            try {
                once(work)
            } catch (_: PortException.Lost) {
                throw PortException.Failed()
            }
        }
        reading { loss.forgive() }
        return done
    }

    private fun <T> once(work: (String) -> T): T = reading {
        val alias = signingAlias()
        try {
            trying { work(alias) }
        } catch (failed: PortException.Failed) {
            // A key that is not there looks like a moment's trouble.
            throw if (areAbsent(listOf(alias))) PortException.Lost() else failed
        }
    }

    /** The name of the signing key. A phone that never had one gets one, in the safest place it has. */
    private fun signingAlias(): String {
        if (marker.exists()) return marker.readText()
        val plain = generation().let { if (it == 1) SIGNING else "$SIGNING.$it" }
        val safe = plain + STRONGBOX
        // Keys from before there was a marker, or from a start that was cut off.
        val alias = trying { listOf(safe, plain).find(system::has) } ?: makeSigning(plain, safe)
        write(marker, alias.toByteArray())
        return alias
    }

    private fun makeSigning(plain: String, safe: String): String = trying {
        if (!areAbsent(listOf(safe, plain))) throw ProviderException("the keystore is not well")
        if (system.hasStrongBox) {
            try {
                system.makeSigning(safe, inStrongBox = true)
                return@trying safe
            } catch (_: ProviderException) {
                // Some phones say that they have one and cannot make this key in it.
            }
        }
        system.makeSigning(plain, inStrongBox = false)
        plain
    }

    private fun generation(): Int =
        if (number.exists()) number.readText().toIntOrNull() ?: throw IOException("not a number") else 1

    companion object {
        private const val SIGNING = "tilik.signing"
        private const val STRONGBOX = ".strongbox"
        private const val PROBE = "tilik.probe"
        private const val AES_GCM = "AES/GCM/NoPadding"

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

/** Files of the keys: what cannot be read or written now may be the next time. */
internal fun <T> reading(work: () -> T): T = try {
    work()
} catch (_: IOException) {
    throw PortException.Failed()
}

/**
 * Keystores of cheap phones fail now and then for no reason and are well a moment later; one that still fails is told
 * by what may help.
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
        if (round == TRIES) throw if (looksLost(failed)) PortException.Lost() else PortException.Failed()
        Thread.sleep(50L shl round)
    }
}

private const val TRIES = 3

/**
 * The key may be gone for good, or not be the one that wrapped what it was to open. Sure it is only in another boot: the
 * system throws the same for trouble that it has no other word for. A key that was invalidated is an invalid one too.
 */
private fun looksLost(error: Throwable): Boolean =
    error is InvalidKeyException || error is UnrecoverableKeyException || error is AEADBadTagException

private fun isLocked(error: Throwable?): Boolean = when {
    error == null -> false
    error is UserNotAuthenticatedException -> true
    Build.VERSION.SDK_INT >= 33 && error is android.security.KeyStoreException -> error.isTransientFailure
    else -> isLocked(error.cause)
}
