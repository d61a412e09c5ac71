package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.widget.LinearLayout
import id.tilik.app.R
import uniffi.tilik_mobile_core.NoticeText
import uniffi.tilik_mobile_core.VisitStep
import uniffi.tilik_mobile_core.privacyNotice

/** What is read to the respondent before photos of what is theirs and before the questions; that it was read is kept. */
class NoticeScreen(args: Bundle) : Screen(ScreenName.NOTICE, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var column: LinearLayout? = null

    override fun title(context: Context): CharSequence = context.words(R.string.notice_title)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it }).awake()

    override fun foot(context: Context): View =
        context.button(context.words(R.string.notice_read), Tone.MAIN, R.drawable.ic_check) { read() }

    override fun onShown() = show(privacyNotice())

    /** The words to read out. */
    fun show(text: NoticeText) {
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        all.addView(context.box(Mood.NOTE, context.words(R.string.notice_how)), wide())
        for (paragraph in text.paragraphs) all.addView(context.text(paragraph).apply { textSize = 19f }, wide())
        all.addView(context.text(context.words(R.string.notice_version, text.version), Type.NOTE), wide())
    }

    private fun read() = act({ it.noticeRead(visit) }) { goOn(visit, done = VisitStep.NOTICE) }
}
