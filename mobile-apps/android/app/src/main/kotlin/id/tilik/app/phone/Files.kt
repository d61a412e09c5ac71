package id.tilik.app.phone

import android.content.ClipData
import android.content.Intent
import android.net.Uri
import android.os.Handler
import android.os.Looper
import android.provider.DocumentsContract
import android.system.ErrnoException
import android.system.Os
import android.system.OsConstants
import java.io.File
import java.io.FileInputStream
import java.io.FileNotFoundException
import java.io.FileOutputStream
import java.io.IOException
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.concurrent.TimeUnit
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.MonthReport
import uniffi.tilik_protocol.VisitId

/** Why a file did not come out or in. */
sealed class FileProblem {
    /** What the core says. */
    class Core(val error: CoreException) : FileProblem()

    /** The card, drive or app did not take it. */
    object CannotWrite : FileProblem()

    /** The card, drive or app did not give it. */
    object CannotRead : FileProblem()

    /** No room, there or here. */
    object NoRoom : FileProblem()
}

/**
 * Files that leave the app or come into it: titip kirim by card, drive or share sheet, and the month's report.
 *
 * The core writes and reads files of its own folder only; between those and the outside bytes are copied here, and the
 * copies are removed.
 */
class Files internal constructor(private val app: TilikApp) {
    private val folder = File(app.cacheDir, SharedFiles.FOLDER)
    private val main = Handler(Looper.getMainLooper())

    /** Not the desk's: a slow card would keep every screen waiting. */
    private val copier = app.worker("files")

    /** What a new bundle is called; sorted by name they are sorted by time. */
    fun bundleName(): String = "titip-kirim-" + SimpleDateFormat("yyyyMMdd-HHmm", Locale.ROOT).format(Date()) + ".tilik"

    /** Asks where to put a bundle. */
    fun createBundle(): Intent = create(BUNDLE, bundleName())

    /** Asks for a colleague's bundle. Drives and chat apps know no type of ours, so all files are offered. */
    fun openBundle(): Intent = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")

    /** Writes sealed visits to where the officer said. Tells how many. */
    fun exportTo(ticket: Desk.Ticket, visits: List<VisitId>, to: Uri, done: (UInt) -> Unit, failed: (FileProblem) -> Unit) =
        ask(ticket, done, failed) {
            orRemoved(to) {
                inScratch { file ->
                    val count = app.desk.wait { it.exportBundle(visits, file.path) }
                    copyOut(file, to)
                    count
                }
            }
        }

    /** Takes a colleague's sealed visits along. Tells how many were new. */
    fun importFrom(ticket: Desk.Ticket, from: Uri, done: (UInt) -> Unit, failed: (FileProblem) -> Unit) =
        ask(ticket, done, failed) {
            inScratch { file ->
                copyIn(from, file)
                app.desk.wait { it.importBundle(file.path) }
            }
        }

    /** Writes sealed visits into a file to be shared; tells how to open the share sheet. */
    fun shareBundle(ticket: Desk.Ticket, visits: List<VisitId>, done: (Intent) -> Unit, failed: (FileProblem) -> Unit) =
        ask(ticket, done, failed) {
            val file = forSharing(bundleName())
            app.desk.wait { it.exportBundle(visits, file.path) }
            share(file, BUNDLE)
        }

    /** Asks where to put the report of a month. */
    fun createReport(report: MonthReport): Intent = create(PDF, reportName(report))

    /** Writes the report of a month as a PDF to where the officer said. */
    fun writeReport(
        ticket: Desk.Ticket,
        report: MonthReport,
        words: ReportWords,
        to: Uri,
        done: () -> Unit,
        failed: (FileProblem) -> Unit,
    ) = ask(ticket, { _: Unit -> done() }, failed) {
        orRemoved(to) {
            inScratch { file ->
                FileOutputStream(file).use { ReportPdf(report, words).writeTo(it) }
                copyOut(file, to)
            }
        }
    }

    /** Writes the report of a month as a PDF to be shared; tells how to open the share sheet. */
    fun shareReport(
        ticket: Desk.Ticket,
        report: MonthReport,
        words: ReportWords,
        done: (Intent) -> Unit,
        failed: (FileProblem) -> Unit,
    ) = ask(ticket, done, failed) {
        val file = forSharing(reportName(report))
        FileOutputStream(file).use { ReportPdf(report, words).writeTo(it) }
        share(file, PDF)
    }

    /** How to share a text. */
    fun shareText(text: String, title: String): Intent = Intent.createChooser(
        Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, text).putExtra(Intent.EXTRA_SUBJECT, title),
        title,
    )

    /** Does `work` to its end, also when the screen goes away meanwhile: the officer pressed the button. */
    private fun <T> ask(ticket: Desk.Ticket, done: (T) -> Unit, failed: (FileProblem) -> Unit, work: () -> T) =
        copier.execute {
            val answer: () -> Unit = try {
                val value = work()
                ({ done(value) })
            } catch (error: Exception) {
                val problem = problemOf(error)
                ({ failed(problem) })
            }
            main.post { if (!ticket.isClosed) answer() }
        }

    private fun problemOf(error: Exception): FileProblem = when {
        error is CoreException.StorageFull -> FileProblem.NoRoom
        error is CoreException -> FileProblem.Core(error)
        error is OutsideException -> error.problem
        error is IOException -> if (isFull(error)) FileProblem.NoRoom else FileProblem.CannotWrite
        // As the desk tells it: only the kind of the error.
        else -> FileProblem.Core(CoreException.Bug("shell-" + error.javaClass.simpleName))
    }

    /** The file on the other side failed, not ours. */
    private class OutsideException(val problem: FileProblem, cause: Exception) : IOException(cause)

    /** Half a file, or an empty one, is not left behind: it would be carried along as if it were whole. */
    private fun <T> orRemoved(to: Uri, work: () -> T): T {
        var isWritten = false
        try {
            return work().also { isWritten = true }
        } finally {
            if (!isWritten) {
                try {
                    DocumentsContract.deleteDocument(app.contentResolver, to)
                } catch (_: IOException) {
                    // It is gone, as the card is.
                } catch (_: RuntimeException) {
                    // Providers that cannot delete, and those that throw whatever they like.
                }
            }
        }
    }

    private fun copyOut(file: File, to: Uri) = outside(FileProblem.CannotWrite) {
        // "wt": a file that was there before may be longer than this one.
        val target = app.contentResolver.openFileDescriptor(to, "wt") ?: throw FileNotFoundException()
        target.use {
            FileInputStream(file).use { from ->
                FileOutputStream(it.fileDescriptor).use { out ->
                    from.copyTo(out)
                    sync(out)
                }
            }
        }
        // A card that was pulled out, or a cloud that gave up: better known now than at the colleague's.
        val there = app.contentResolver.openFileDescriptor(to, "r")?.use { it.statSize } ?: throw FileNotFoundException()
        if (there >= 0 && there != file.length()) throw IOException("cut short")
    }

    /** On the card before it is said to be: whoever reads that it is written pulls the card out. */
    private fun sync(out: FileOutputStream) {
        try {
            Os.fsync(out.fd)
        } catch (error: ErrnoException) {
            // Pipes to other apps, and some cards' file systems, cannot.
            if (error.errno == OsConstants.EIO || isFull(error)) throw IOException(error)
        }
    }

    private fun copyIn(from: Uri, file: File) = outside(FileProblem.CannotRead) {
        val source = app.contentResolver.openInputStream(from) ?: throw FileNotFoundException()
        source.use { FileOutputStream(file).use { out -> it.copyTo(out) } }
        Unit
    }

    private fun <T> outside(problem: FileProblem, work: () -> T): T = try {
        work()
    } catch (error: IOException) {
        throw OutsideException(if (isFull(error)) FileProblem.NoRoom else problem, error)
    } catch (error: RuntimeException) {
        // Other apps' providers throw whatever they like through the system.
        throw OutsideException(problem, error)
    }

    private fun isFull(error: Throwable?): Boolean = when {
        error == null -> false
        error is ErrnoException && error.errno in setOf(OsConstants.ENOSPC, OsConstants.EDQUOT) -> true
        else -> isFull(error.cause)
    }

    private fun <T> inScratch(work: (File) -> T): T {
        val scratch = File(app.cacheDir, "scratch").apply { mkdirs() }
        val file = File.createTempFile("file", null, scratch)
        return try {
            work(file)
        } finally {
            file.delete()
        }
    }

    /** A file of this name in a folder of its own; those of yesterday go. */
    private fun forSharing(name: String): File {
        val yesterday = System.currentTimeMillis() - TimeUnit.DAYS.toMillis(1)
        folder.listFiles().orEmpty().filter { it.lastModified() < yesterday }.forEach { it.deleteRecursively() }
        val own = File(folder, java.util.UUID.randomUUID().toString())
        if (!own.mkdirs()) throw IOException("no folder")
        return File(own, name)
    }

    private fun share(file: File, type: String): Intent {
        val uri = SharedFiles.uriOf(app, file)
        val send = Intent(Intent.ACTION_SEND)
            .setType(type)
            .putExtra(Intent.EXTRA_STREAM, uri)
            .addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        // The permission goes with the clip, also through the chooser.
        send.clipData = ClipData.newRawUri(file.name, uri)
        return Intent.createChooser(send, null).addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
    }

    private fun create(type: String, name: String): Intent = Intent(Intent.ACTION_CREATE_DOCUMENT)
        .addCategory(Intent.CATEGORY_OPENABLE)
        .setType(type)
        .putExtra(Intent.EXTRA_TITLE, name)

    private fun reportName(report: MonthReport): String =
        String.format(Locale.ROOT, "laporan-%04d-%02d.pdf", report.year, report.month.toInt())

    private companion object {
        /** A type that no app claims: nothing offers to open or to change it. */
        const val BUNDLE = "application/octet-stream"
        const val PDF = "application/pdf"
    }
}
