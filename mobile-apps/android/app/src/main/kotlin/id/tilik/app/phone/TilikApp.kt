package id.tilik.app.phone

import android.app.Application
import android.content.Context
import java.io.File
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import uniffi.tilik_mobile_core.FieldApp
import uniffi.tilik_mobile_core.Ports

/**
 * The process: what lives as long as it does, made when it is first asked for.
 *
 * The open functions are where the phone enters. A test gives another phone by a subclass.
 */
open class TilikApp : Application() {
    /** Where the server is. */
    val settings: Settings by lazy { Settings(this) }

    /** The core, for screens. */
    val desk: Desk by lazy { Desk(worker("desk")) { openCore() } }

    /** What is to be sent, sent. */
    val sender: Sender by lazy { Sender(this) }

    /** Files that leave the app or come into it. */
    val files: Files by lazy { Files(this) }

    /** A newer app. */
    val updates: Updates by lazy { Updates(this) }

    override fun onCreate() {
        super.onCreate()
        // Nothing here touches the disk: the first screen comes before the store is open.
        sender.begin()
    }

    /** What the core is lent of this phone. */
    open fun ports(): Ports = phonePorts(this)

    /** A camera for one screen. */
    open fun newCamera(): Camera = Camera2Camera(this)

    /** The position for one screen. */
    open fun newPositions(): Positions = PhonePositions(this)

    /** One thread for work that a screen waits for: the desk's, or that of files. */
    open fun worker(name: String): Executor = Executors.newSingleThreadExecutor { Thread(it, name) }

    /** Where the core keeps everything: never backed up, never on a card. */
    open fun folder(): File = File(noBackupFilesDir, "tilik")

    private fun openCore(): FieldApp {
        val folder = folder()
        // The core says why it cannot write there.
        folder.mkdirs()
        return FieldApp.open(folder.path, appInfo(this), ports())
    }

    companion object {
        /** The app that `context` belongs to. */
        fun of(context: Context): TilikApp = context.applicationContext as TilikApp
    }
}
