package id.tilik.app.screens

import android.content.Context
import android.net.Uri
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.TextView
import id.tilik.app.R
import id.tilik.app.phone.FileProblem

/** Titip kirim: sealed visits go out as a file, and a colleague's come in. */
class CarryScreen(args: Bundle = Bundle()) : Screen(ScreenName.CARRY, args) {
    private var count: TextView? = null
    private var write: Button? = null
    private var share: Button? = null
    private var visits: List<String> = emptyList()

    override fun title(context: Context): CharSequence = context.words(R.string.carry_title)

    override fun body(context: Context): View {
        val n = context.text("", Type.STRONG).live().also { count = it }
        val out = context.button(context.words(R.string.carry_write), Tone.PLAIN, R.drawable.ic_outbox) { write() }.also { write = it }
        val by = context.button(context.words(R.string.carry_share)) { share() }.also { share = it }
        val take = context.button(context.words(R.string.carry_take), Tone.PLAIN, R.drawable.ic_add) { take() }
        return context.scroll(
            context.column(
                EDGE_DP,
                context.text(context.words(R.string.carry_how)),
                context.text(context.words(R.string.carry_out), Type.HEADING), n, out, by,
                context.text(context.words(R.string.carry_in), Type.HEADING),
                context.text(context.words(R.string.carry_in_how)), take,
            ).padded(),
        )
    }

    override fun onShown() = onChanged()

    override fun onChanged() = ask({ it.unsent() }) { show(it) }

    /** What would go out. */
    fun show(unsent: List<String>) {
        visits = unsent
        val said = count ?: return
        said.text = said.context.words(if (unsent.isEmpty()) R.string.carry_none else R.string.carry_count, unsent.size)
        for (button in listOf(write, share)) button?.allow(unsent.isNotEmpty())
    }

    private fun write() {
        args.putStringArrayList(VISITS, ArrayList(visits))
        pick(WRITE, stage.app.files.createBundle())
    }

    override fun chosen(purpose: String, uri: Uri) {
        val files = stage.app.files
        when (purpose) {
            WRITE -> {
                val visits = args.getStringArrayList(VISITS).orEmpty()
                files.exportTo(ticket(), visits, uri, { told(R.string.carry_written, it) }, ::wrong)
            }
            TAKE -> files.importFrom(ticket(), uri, ::taken, ::wrong)
        }
    }

    private fun share() {
        val activity = stage.activity
        stage.app.files.shareBundle(ticket(), visits, { activity.startActivity(it) }, ::wrong)
    }

    private fun take() = pick(TAKE, stage.app.files.openBundle())

    private fun taken(n: UInt) {
        told(if (n == 0u) R.string.carry_nothing_new else R.string.carry_taken, n)
        stage.app.desk.touch()
        stage.app.sender.wake()
    }

    private fun told(words: Int, n: UInt) = say(stage.activity.words(words, n.toInt()), Mood.GOOD)

    private fun wrong(problem: FileProblem) = say(stage.activity.words(problem))

    private companion object {
        const val WRITE = "write"
        const val TAKE = "take"
        const val VISITS = "visits"
    }
}

/** Why a file did not come out or in. */
internal fun Context.words(problem: FileProblem): String = when (problem) {
    is FileProblem.Core -> words(problem.error)
    is FileProblem.CannotWrite -> words(R.string.file_cannot_write)
    is FileProblem.CannotRead -> words(R.string.file_cannot_read)
    is FileProblem.NoRoom -> words(R.string.file_no_room)
}
