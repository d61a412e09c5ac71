package id.tilik.app.phone

import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException

/**
 * Lends single files to the app that the officer chose in the share sheet: read only, and only files that [Files] put into
 * the folder for it. Not exported; every address needs a permission that goes with the share.
 */
class SharedFiles : ContentProvider() {
    override fun onCreate(): Boolean = true

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        if (mode != "r") throw FileNotFoundException("read only")
        return ParcelFileDescriptor.open(fileOf(uri), ParcelFileDescriptor.MODE_READ_ONLY)
    }

    override fun query(
        uri: Uri,
        projection: Array<out String>?,
        selection: String?,
        selectionArgs: Array<out String>?,
        sortOrder: String?,
    ): Cursor {
        val file = fileOf(uri)
        val columns = projection.orEmpty().ifEmpty { arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE) }
        val cursor = MatrixCursor(columns, 1)
        cursor.addRow(
            columns.map {
                when (it) {
                    OpenableColumns.DISPLAY_NAME -> file.name
                    OpenableColumns.SIZE -> file.length()
                    else -> null
                }
            },
        )
        return cursor
    }

    override fun getType(uri: Uri): String =
        if (uri.lastPathSegment.orEmpty().endsWith(".pdf")) "application/pdf" else "application/octet-stream"

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun update(uri: Uri, values: ContentValues?, selection: String?, selectionArgs: Array<out String>?): Int = 0

    override fun delete(uri: Uri, selection: String?, selectionArgs: Array<out String>?): Int = 0

    private fun fileOf(uri: Uri): File {
        val context = context ?: throw FileNotFoundException()
        val folder = File(context.cacheDir, FOLDER).canonicalFile
        val segments = uri.pathSegments
        if (segments.size != 2) throw FileNotFoundException()
        val file = File(File(folder, segments[0]), segments[1]).canonicalFile
        // An address with dots in it leads nowhere else.
        if (file.parentFile?.parentFile != folder || !file.isFile) throw FileNotFoundException()
        return file
    }

    internal companion object {
        const val FOLDER = "shared"

        fun uriOf(context: Context, file: File): Uri = Uri.Builder()
            .scheme("content")
            .authority(context.packageName + ".files")
            .appendPath(file.parentFile?.name)
            .appendPath(file.name)
            .build()
    }
}
