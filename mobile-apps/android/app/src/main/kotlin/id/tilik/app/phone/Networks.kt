package id.tilik.app.phone

import android.content.Context
import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import uniffi.tilik_mobile_core.Network

/** What kind of network there is, as the core wants to know it. Calls `another` when that changes. */
internal class Networks(context: Context, private val another: () -> Unit) {
    private val manager = context.getSystemService(ConnectivityManager::class.java)
    private var callback: ConnectivityManager.NetworkCallback? = null
    private var told: Network? = null

    @Volatile
    private var now: Network? = null

    /** Listens from now on. */
    fun follow() = synchronized(this) {
        if (callback != null) return
        now = kind(manager.activeNetwork?.let(manager::getNetworkCapabilities))
        val heard = Heard()
        try {
            manager.registerDefaultNetworkCallback(heard)
            callback = heard
        } catch (_: RuntimeException) {
            // Too many callbacks in this process: what was found above has to do.
        }
    }

    /** Listens no longer. */
    fun forget() = synchronized(this) {
        callback?.let(manager::unregisterNetworkCallback)
        callback = null
    }

    /** Tells the kind of network, when it is another than the one that was told last. */
    fun tell(to: (Network) -> Unit) {
        val network = now ?: return
        if (network == told) return
        to(network)
        told = network
    }

    private fun heard(network: Network) {
        val isNew = synchronized(this) { (now != network).also { now = network } }
        if (isNew) another()
    }

    private inner class Heard : ConnectivityManager.NetworkCallback() {
        override fun onCapabilitiesChanged(network: android.net.Network, capabilities: NetworkCapabilities) =
            heard(kind(capabilities))

        override fun onLost(network: android.net.Network) = heard(Network.NONE)
    }

    internal companion object {
        /** A network that nobody said to be free of charge is not. */
        fun kind(capabilities: NetworkCapabilities?): Network = when {
            capabilities == null || !capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET) -> Network.NONE
            capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_NOT_METERED) -> Network.UNMETERED
            else -> Network.METERED
        }
    }
}
