package id.tilik.app.screens

import android.content.Context
import android.content.res.ColorStateList
import android.os.Bundle
import android.text.InputFilter
import android.text.InputType
import android.view.View
import android.view.ViewGroup
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.ScrollView
import id.tilik.app.R
import uniffi.tilik_mobile_core.QuestionView
import uniffi.tilik_protocol.AnswerFault
import uniffi.tilik_protocol.QuestionKind

/** The questions, one at a time. Every answer is kept as soon as it is given. */
class QuestionsScreen(args: Bundle) : Screen(ScreenName.QUESTIONS, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var questions: List<QuestionView> = emptyList()
    private var at = 0
    private var column: LinearLayout? = null
    private var scrolled: ScrollView? = null
    private var keys: LinearLayout? = null
    private var progress: ProgressBar? = null
    private var typed: Field? = null

    override fun title(context: Context): CharSequence = context.words(R.string.questions_title)

    override fun body(context: Context): View {
        val bar = ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal).apply {
            progressTintList = ColorStateList.valueOf(context.colour(R.color.main))
        }.silent().also { progress = it }
        val all = context.column(EDGE_DP).padded().also { column = it }
        val moving = context.scroll(all).also { scrolled = it }
        val whole = context.column(0)
        whole.addView(bar, LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, context.dp(8)))
        whole.addView(moving, restHigh())
        return whole
    }

    override fun foot(context: Context): View = context.column(0).also { keys = it }

    override fun onShown() = load(args.getString(QUESTION), null)

    override fun save() {
        args.putString(QUESTION, questions.getOrNull(at)?.id)
        keep {}
    }

    /** What is asked now; the one with the id `id` is shown, or the first without an answer. */
    fun show(all: List<QuestionView>, id: String?) {
        questions = all
        val known = all.indexOfFirst { it.id == id }
        val open = all.indexOfFirst { it.answer == null || it.fault != null }
        at = if (known >= 0) known else if (open >= 0) open else 0
        draw()
    }

    private fun load(id: String?, then: (() -> Unit)?) = ask({ it.questions(visit) }) {
        show(it, id)
        then?.invoke()
    }

    private fun draw() {
        val all = column ?: return
        val context = all.context
        val question = questions.getOrNull(at) ?: return
        typed = null
        progress?.max = question.total.toInt()
        progress?.progress = question.number.toInt()
        all.removeAllViews()
        all.addView(context.text(context.words(R.string.question_number, question.number.toInt(), question.total.toInt()), Type.NOTE).live(), wide())
        all.addView(context.text(question.text, Type.TITLE), wide())
        if (!question.required) all.addView(context.text(context.words(R.string.question_optional), Type.NOTE), wide())
        // What is missing is said at the summary and when it is left; an empty question is no fault while it is read.
        question.fault?.takeIf { question.answer != null || it != AnswerFault.MISSING }
            ?.let { all.addView(context.box(Mood.BAD, context.words(it)), wide()) }
        when (val kind = question.kind) {
            is QuestionKind.YesNo -> choices(all, question, listOf(YES to context.words(R.string.yes), NO to context.words(R.string.no)))
            is QuestionKind.Choice -> choices(all, question, kind.options.map { it.code to it.label })
            is QuestionKind.Number -> field(all, question, InputType.TYPE_CLASS_NUMBER, 1)
            is QuestionKind.Text -> field(all, question, TEXT, 2)
        }
        scrolled?.scrollTo(0, 0)
        val foot = keys ?: return
        foot.removeAllViews()
        val isLast = at == questions.size - 1
        val next = context.button(context.words(if (isLast) R.string.questions_done else R.string.question_next), Tone.MAIN) { move(1) }
        if (context.isLarge) {
            // A sign, so that the answers above have the room.
            val row = context.row(GAP_DP)
            if (at > 0) {
                val sign = context.signButton(R.drawable.ic_back, context.words(R.string.question_before)) { move(-1) }
                sign.touchable(context.shape(R.color.ground, R.color.line)) { move(-1) }
                row.addView(sign)
            }
            row.addView(next, rest())
            foot.addView(row, wide())
        } else {
            val before = context.button(context.words(R.string.question_before)) { move(-1) }
            before.allow(at > 0)
            foot.addView(context.pair(before, next), wide())
        }
    }

    private fun choices(all: LinearLayout, question: QuestionView, options: List<kotlin.Pair<String, String>>) {
        val context = all.context
        for ((code, label) in options) {
            val isChosen = question.answer == code
            val sign = if (isChosen) R.drawable.ic_check else null
            val button = context.button(label, if (isChosen) Tone.MAIN else Tone.PLAIN, sign) { answer(question, code) { move(1) } }
            button.minimumHeight = context.dp(64)
            button.isSelected = isChosen
            all.addView(button, wide())
        }
        if (!question.required && question.answer != null) {
            all.addView(context.button(context.words(R.string.question_clear)) { answer(question, null) { draw() } }, wide())
        }
    }

    private fun field(all: LinearLayout, question: QuestionView, kind: Int, lines: Int) {
        val context = all.context
        val box = Field(context, context.words(R.string.question_answer), kind, lines)
        box.words = question.answer.orEmpty()
        box.edit.filters = arrayOf(InputFilter.LengthFilter(LONGEST))
        typed = box
        all.addView(box.view, wide())
    }

    private fun answer(question: QuestionView, value: String?, then: () -> Unit) =
        act({
            it.answer(visit, question.id, value)
            it.questions(visit)
        }) {
            show(it, question.id)
            then()
        }

    /** Keeps what was typed, when it is another answer than before. */
    private fun keep(then: () -> Unit) {
        val question = questions.getOrNull(at)
        val value = typed?.words?.trim()
        if (question == null || value == null || value == question.answer.orEmpty() || !isInFront) return then()
        answer(question, value.ifEmpty { null }, then)
    }

    private fun move(by: Int) = keep {
        val to = at + by
        when {
            to < 0 -> Unit
            to < questions.size -> {
                typed?.let { keyboard(it.edit, false) }
                at = to
                draw()
            }
            else -> goOn(visit) { toOpen() }
        }
    }

    /** The core still wants an answer: shows which. */
    private fun toOpen() {
        val open = questions.indexOfFirst { it.fault != null }
        if (open < 0) return
        at = open
        draw()
        questions[open].fault?.let { say(stage.activity.words(it), Mood.WARN) }
    }

    private companion object {
        const val QUESTION = "question"
        const val YES = "yes"
        const val NO = "no"
        const val LONGEST = 500
        const val TEXT = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES or InputType.TYPE_TEXT_FLAG_MULTI_LINE
    }
}
