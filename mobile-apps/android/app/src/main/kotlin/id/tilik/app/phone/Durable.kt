package id.tilik.app.phone

import android.system.ErrnoException
import android.system.Os
import android.system.OsConstants
import java.io.File
import java.io.FileOutputStream
import java.io.IOException

/** Writes a file that is there whole after a power cut, or not at all: file, rename, folder. */
@Throws(IOException::class)
internal fun writeDurably(file: File, bytes: ByteArray) {
    val folder = file.absoluteFile.parentFile ?: throw IOException("no folder")
    if (!folder.isDirectory && !folder.mkdirs()) throw IOException("no folder")
    val half = File(folder, file.name + ".new")
    FileOutputStream(half).use {
        it.write(bytes)
        it.fd.sync()
    }
    if (!half.renameTo(file)) throw IOException("not renamed")
    syncFolder(folder)
}

/** Makes the names in `folder` durable. */
@Throws(IOException::class)
internal fun syncFolder(folder: File) {
    try {
        val fd = Os.open(folder.path, OsConstants.O_RDONLY, 0)
        try {
            Os.fsync(fd)
        } finally {
            Os.close(fd)
        }
    } catch (error: ErrnoException) {
        throw IOException("folder not synced", error)
    }
}
