// What everything on a screen is made of. Sizes and colours are chosen here and nowhere else.
package id.tilik.app.screens

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.BitmapFactory
import android.graphics.Color
import android.graphics.Typeface
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.text.Editable
import android.text.Layout
import android.text.SpannableString
import android.text.SpannableStringBuilder
import android.text.TextWatcher
import android.text.style.RelativeSizeSpan
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.view.accessibility.AccessibilityNodeInfo
import android.view.inputmethod.EditorInfo
import android.widget.Button
import android.widget.EditText
import android.widget.ImageButton
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.Switch
import android.widget.TextView
import id.tilik.app.R

/** How large and how heavy words are. */
internal enum class Type(val sp: Float, val bold: Boolean, val colour: Int) {
    FIGURE(32f, true, R.color.text),
    TITLE(22f, true, R.color.text),
    HEADING(18f, true, R.color.text),
    NAME(18f, true, R.color.text),
    BODY(17f, false, R.color.text),
    STRONG(17f, true, R.color.text),
    NOTE(15f, false, R.color.text_soft),
}

/** What a button does to the work at hand. */
internal enum class Tone(val ground: Int, val words: Int, val edge: Int) {
    MAIN(R.color.main, R.color.on_main, R.color.main),
    PLAIN(R.color.ground, R.color.text, R.color.line),
    BAD(R.color.bad, R.color.on_bad, R.color.bad),
}

/** What a box of words wants of the reader. Each has a sign of its own, so that the colour is never alone. */
internal enum class Mood(val ground: Int, val words: Int, val sign: Int) {
    GOOD(R.color.main_soft, R.color.on_main_soft, R.drawable.ic_check),
    NOTE(R.color.note_soft, R.color.on_note_soft, R.drawable.ic_question),
    WARN(R.color.warn_soft, R.color.on_warn_soft, R.drawable.ic_warn),
    BAD(R.color.bad_soft, R.color.on_bad_soft, R.drawable.ic_warn),
}

/** The least side of anything that is touched. */
internal const val TOUCH_DP = 56

/** The distance from the edge, and between blocks. */
internal const val EDGE_DP = 16

/** The distance between things that belong together. */
internal const val GAP_DP = 8

internal fun Context.dp(n: Int): Int = (n * resources.displayMetrics.density + 0.5f).toInt()

internal fun Context.colour(id: Int): Int = resources.getColor(id, theme)

internal fun Context.words(id: Int, vararg with: Any): String = getString(id, *with)

/** A sign in a colour of ours. */
internal fun Context.sign(id: Int, colour: Int): Drawable =
    checkNotNull(getDrawable(id)) { "no such sign" }.mutate().apply { setTint(colour(colour)) }

/** Words that are read, not touched. */
internal fun Context.text(words: CharSequence = "", type: Type = Type.BODY, colour: Int = type.colour): TextView =
    TextView(this).apply {
        text = words
        textSize = type.sp
        setTextColor(colour(colour))
        if (type.bold) typeface = Typeface.DEFAULT_BOLD
        setLineSpacing(0f, 1.15f)
        breakStrategy = Layout.BREAK_STRATEGY_HIGH_QUALITY
        // Android has no rules for Indonesian and would break words as English ones.
        hyphenationFrequency = Layout.HYPHENATION_FREQUENCY_NONE
        if (type == Type.TITLE || type == Type.HEADING) markHeading()
    }

/** The title of a screen stands beside signs: it grows with the person's choice of size, but not beyond what fits. */
internal fun TextView.likeTitle() = atMost(MOST_TITLE_DP)

/** Grows with the person's choice of size up to here. */
internal fun TextView.atMost(dp: Int) {
    val most = context.dp(dp).toFloat()
    if (textSize > most) setTextSize(TypedValue.COMPLEX_UNIT_PX, most)
}

private const val MOST_TITLE_DP = 30

/** Read out as soon as it changes. */
internal fun <V : View> V.live(): V = apply { accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE }

/** Not for screen readers: what it says stands beside it in words. */
internal fun <V : View> V.silent(): V = apply { importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO_HIDE_DESCENDANTS }

/** The screen does not go dark while this is shown: what is done here takes longer than a touch. */
internal fun <V : View> V.awake(): V = apply { keepScreenOn = true }

internal fun View.showIf(shown: Boolean) {
    visibility = if (shown) View.VISIBLE else View.GONE
}

/** Sets words, and takes no room when there are none. */
internal fun TextView.say(words: CharSequence?) {
    if (text?.toString() != words?.toString().orEmpty()) text = words.orEmpty()
    showIf(!words.isNullOrEmpty())
}

private fun CharSequence?.orEmpty(): CharSequence = this ?: ""

/** One under the other. */
internal fun Context.column(gap: Int = GAP_DP, vararg children: View): LinearLayout = LinearLayout(this).apply {
    orientation = LinearLayout.VERTICAL
    space(gap)
    for (child in children) addView(child, wide())
}

/** Side by side, in the middle of their height. */
internal fun Context.row(gap: Int = GAP_DP, vararg children: View): LinearLayout = LinearLayout(this).apply {
    orientation = LinearLayout.HORIZONTAL
    gravity = Gravity.CENTER_VERTICAL
    space(gap)
    for (child in children) addView(child)
}

private fun LinearLayout.space(gap: Int) {
    if (gap == 0) return
    showDividers = LinearLayout.SHOW_DIVIDER_MIDDLE
    dividerDrawable = GradientDrawable().apply { setSize(context.dp(gap), context.dp(gap)) }
}

internal fun wide(): LinearLayout.LayoutParams =
    LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT)

/** The room that is left over. */
internal fun rest(): LinearLayout.LayoutParams = LinearLayout.LayoutParams(0, ViewGroup.LayoutParams.WRAP_CONTENT, 1f)

internal fun restHigh(): LinearLayout.LayoutParams = LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, 0, 1f)

internal fun <V : View> V.padded(sides: Int = EDGE_DP, ends: Int = sides): V =
    apply { setPadding(context.dp(sides), context.dp(ends), context.dp(sides), context.dp(ends)) }

/** Scrolls when it is higher than the screen. */
internal fun Context.scroll(content: View): ScrollView = ScrollView(this).apply {
    isFillViewport = true
    addView(content, ViewGroup.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT))
}

/** A filled shape with rounded corners. */
internal fun Context.shape(ground: Int, edge: Int = ground, radius: Int = 12): GradientDrawable = GradientDrawable().apply {
    setColor(colour(ground))
    cornerRadius = dp(radius).toFloat()
    setStroke(dp(2), colour(edge))
}

/** Makes a view answer to touch: it darkens, and is high enough for a thumb. */
internal fun View.touchable(ground: Drawable, act: () -> Unit) {
    background = RippleDrawable(ColorStateList.valueOf(context.colour(R.color.pressed)), ground, null)
    minimumHeight = context.dp(TOUCH_DP)
    setOnClickListener { act() }
}

/** A button with words on it. */
internal fun Context.button(words: CharSequence, tone: Tone = Tone.PLAIN, sign: Int? = null, act: () -> Unit): Button =
    Button(this).apply {
        text = words
        isAllCaps = false
        textSize = 18f
        typeface = Typeface.DEFAULT_BOLD
        stateListAnimator = null
        gravity = Gravity.CENTER
        breakStrategy = Layout.BREAK_STRATEGY_HIGH_QUALITY
        setTextColor(either(tone.words, R.color.on_off))
        touchable(
            shape(tone.ground, tone.edge).apply {
                color = either(tone.ground, R.color.off)
                setStroke(dp(2), either(tone.edge, R.color.off))
            },
            act,
        )
        padded(14, 12)
        if (sign != null) {
            compoundDrawablePadding = dp(GAP_DP)
            val drawn = sign(sign, tone.words).apply { setTintList(either(tone.words, R.color.on_off)) }
            setCompoundDrawablesRelativeWithIntrinsicBounds(drawn, null, null, null)
        }
    }

/** One colour while it can be pressed, another while it cannot. */
private fun Context.either(able: Int, off: Int) = ColorStateList(
    arrayOf(intArrayOf(-android.R.attr.state_enabled), intArrayOf()), intArrayOf(colour(off), colour(able)),
)

/** Whether a button can be pressed; one that cannot is grey, its words still readable, and says so to screen readers by itself. */
internal fun Button.allow(allowed: Boolean) {
    isEnabled = allowed
}

/** A button with a sign only; `says` is what screen readers say. */
internal fun Context.signButton(sign: Int, says: CharSequence, tint: Int = R.color.text, act: () -> Unit): ImageButton =
    ImageButton(this).apply {
        setImageDrawable(sign(sign, tint))
        contentDescription = says
        touchable(GradientDrawable(), act)
        minimumWidth = dp(TOUCH_DP)
        tooltipText = says
    }

/** A box of words in the colour of its mood, with its sign; touched, it leads somewhere. */
internal fun Context.box(mood: Mood, words: CharSequence, act: (() -> Unit)? = null): LinearLayout {
    val sign = ImageView(this).apply { setImageDrawable(sign(mood.sign, mood.words)) }.silent()
    val said = text(words, Type.BODY, mood.words)
    return row(12, sign).apply {
        addView(said, rest())
        if (act != null) {
            addView(ImageView(context).apply { setImageDrawable(sign(R.drawable.ic_next, mood.words)) }.silent())
            touchable(shape(mood.ground, mood.words), act)
            asButton()
        } else {
            background = shape(mood.ground)
        }
        padded(14, 12)
    }
}

/** Screen readers call it a button, whatever it is made of, and read its words as one. */
internal fun View.asButton() {
    isFocusable = true
    accessibilityDelegate = object : View.AccessibilityDelegate() {
        override fun onInitializeAccessibilityNodeInfo(host: View, info: AccessibilityNodeInfo) {
            super.onInitializeAccessibilityNodeInfo(host, info)
            info.className = Button::class.java.name
        }
    }
}

/** A line that leads somewhere: words, a note below, an arrow. */
internal fun Context.lead(words: CharSequence, note: CharSequence? = null, sign: Int? = null, act: () -> Unit): LinearLayout {
    val said = column(2, text(words, Type.STRONG))
    if (!note.isNullOrEmpty()) said.addView(text(note, Type.NOTE), wide())
    return row(12).apply {
        if (sign != null) addView(ImageView(context).apply { setImageDrawable(sign(sign, R.color.text)) }.silent())
        addView(said, rest())
        addView(ImageView(context).apply { setImageDrawable(sign(R.drawable.ic_next, R.color.text_soft)) }.silent())
        touchable(shape(R.color.card), act)
        asButton()
        padded(14, 12)
    }
}

/** A field with its name above it, and an example: inside the field it would be cut when words are large. */
internal class Field(context: Context, name: CharSequence, kind: Int, lines: Int = 1, hint: CharSequence? = null) {
    val edit: EditText = EditText(context).apply {
        inputType = kind
        textSize = Type.BODY.sp
        setTextColor(context.colour(R.color.text))
        background = context.shape(R.color.ground, R.color.line, 8)
        minimumHeight = context.dp(TOUCH_DP)
        minLines = lines
        gravity = if (lines > 1) Gravity.TOP else Gravity.CENTER_VERTICAL
        padded(14, 12)
        id = View.generateViewId()
        // Neither the keyboard's memory nor a filling service is to know families.
        imeOptions = imeOptions or EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING
        importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO_EXCLUDE_DESCENDANTS
        isSaveEnabled = false
    }
    private val label = context.text(name, Type.STRONG).apply { labelFor = edit.id }
    val view: LinearLayout = context.column(4, label).apply {
        if (hint != null) addView(context.text(hint, Type.NOTE), wide())
        addView(edit, wide())
    }

    var words: String
        get() = edit.text.toString()
        set(value) {
            if (edit.text.toString() != value) {
                edit.setText(value)
                edit.setSelection(edit.text.length)
            }
        }

    /** Says so after every change. */
    fun onChange(changed: (String) -> Unit) {
        edit.addTextChangedListener(object : TextWatcher {
            override fun beforeTextChanged(s: CharSequence?, start: Int, count: Int, after: Int) = Unit
            override fun onTextChanged(s: CharSequence?, start: Int, before: Int, count: Int) = Unit
            override fun afterTextChanged(s: Editable?) = changed(s?.toString() ?: "")
        })
    }
}

/** A switch with its words; the whole line is the target. */
internal fun Context.toggle(words: CharSequence, note: CharSequence? = null, on: Boolean, turned: (Boolean) -> Unit): Switch =
    Switch(this).apply {
        text = if (note == null) words else SpannableStringBuilder(words).append("\n").append(
            SpannableString(note).apply { setSpan(RelativeSizeSpan(0.88f), 0, length, 0) },
        )
        textSize = Type.BODY.sp
        setTextColor(colour(R.color.text))
        isChecked = on
        switchPadding = dp(12)
        // The system's own is hard to see when it is off.
        switchMinWidth = dp(52)
        trackDrawable = shape(R.color.ground, radius = 14).apply {
            setSize(dp(52), dp(28))
            color = turned(R.color.main, R.color.ground)
            setStroke(dp(2), turned(R.color.main, R.color.line))
        }
        thumbDrawable = GradientDrawable().apply {
            shape = GradientDrawable.OVAL
            setSize(dp(28), dp(28))
            color = turned(R.color.on_main, R.color.line)
            // The distance to the track's edge; an inset would make the track smaller too.
            setStroke(dp(8), Color.TRANSPARENT)
        }
        background = shape(R.color.card)
        minimumHeight = dp(TOUCH_DP)
        padded(14, 12)
        setOnCheckedChangeListener { _, isOn -> turned(isOn) }
    }

private fun Context.turned(on: Int, off: Int) = ColorStateList(
    arrayOf(intArrayOf(android.R.attr.state_checked), intArrayOf()), intArrayOf(colour(on), colour(off)),
)

/** Whether words are so large that rows of buttons have to do with less. */
internal val Context.isLarge: Boolean get() = resources.configuration.fontScale >= 1.3f

/** Side by side where all words fit, else one under the other: large text must not be cut. */
internal class SideBySide(context: Context, children: List<View>) : LinearLayout(context) {
    init {
        showDividers = SHOW_DIVIDER_MIDDLE
        dividerDrawable = GradientDrawable().apply { setSize(context.dp(GAP_DP), context.dp(GAP_DP)) }
        for (child in children) addView(child)
    }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        val shown = (0 until childCount).map { getChildAt(it) }.filter { it.visibility != GONE }
        val free = MeasureSpec.makeMeasureSpec(0, MeasureSpec.UNSPECIFIED)
        val widest = shown.maxOfOrNull { child ->
            child.measure(free, free)
            child.measuredWidth
        } ?: 0
        val fits = widest * shown.size + context.dp(GAP_DP) * (shown.size - 1) <= width
        val wanted = if (fits) HORIZONTAL else VERTICAL
        for (child in shown) {
            val params = child.layoutParams as LayoutParams
            params.width = if (fits) 0 else ViewGroup.LayoutParams.MATCH_PARENT
            params.weight = if (fits) 1f else 0f
            if (fits) params.height = ViewGroup.LayoutParams.MATCH_PARENT else params.height = ViewGroup.LayoutParams.WRAP_CONTENT
        }
        orientation = wanted
        super.onMeasure(widthMeasureSpec, heightMeasureSpec)
    }
}

/** Buttons that stand together. */
internal fun Context.pair(vararg children: View): SideBySide = SideBySide(this, children.toList())

/** A picture of evidence, fitted into its frame. */
internal fun Context.picture(jpeg: ByteArray?, says: CharSequence, high: Int = 200): View {
    val bitmap = jpeg?.let { BitmapFactory.decodeByteArray(it, 0, it.size) }
    if (bitmap == null) {
        return text(says, Type.NOTE).apply {
            gravity = Gravity.CENTER
            minimumHeight = dp(high / 2)
            background = shape(R.color.card)
            padded(12, 12)
        }
    }
    return ImageView(this).apply {
        setImageBitmap(bitmap)
        contentDescription = says
        adjustViewBounds = true
        maxHeight = dp(high)
        scaleType = ImageView.ScaleType.FIT_CENTER
        background = shape(R.color.card)
        clipToOutline = true
    }
}
