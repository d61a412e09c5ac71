package id.tilik.app.screens

import android.Manifest
import android.annotation.SuppressLint
import android.content.Context
import android.graphics.BitmapFactory
import android.graphics.Color
import android.os.Bundle
import android.view.Gravity
import android.view.MotionEvent
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.FrameLayout
import android.widget.HorizontalScrollView
import android.widget.ImageButton
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.TextView
import id.tilik.app.R
import id.tilik.app.phone.Camera
import id.tilik.app.phone.Shot
import uniffi.tilik_mobile_core.CameraView
import uniffi.tilik_mobile_core.CoreException
import uniffi.tilik_mobile_core.DraftPhoto
import uniffi.tilik_mobile_core.NewPhoto
import uniffi.tilik_mobile_core.PhotoSlot
import uniffi.tilik_mobile_core.PhotoTaken
import uniffi.tilik_mobile_core.PhotoVerdict
import uniffi.tilik_mobile_core.level
import uniffi.tilik_protocol.PhotoKind

/** Photos of a visit: the house between roof line and floor line, then whatever else is asked. */
class CameraScreen(args: Bundle) : Screen(ScreenName.CAMERA, args) {
    private val visit: String = args.getString(VISIT).orEmpty()
    private var view: CameraView? = null
    private var chosen: PhotoKind? = PhotoKind.values().find { it.name == args.getString(KIND) }
    private var camera: Camera? = null

    /** Whether the picture is there, and whether a photo is on its way: only between them the shutter does something. */
    private var isReady = false
    private var isTaking = false
    private var frame: FrameLayout? = null
    private var finder: FinderView? = null
    private var hint: TextView? = null
    private var hinted = ""
    private var isOver = false
    private val away = Runnable { hint?.showIf(false) }
    private var isBlind = false
    private var slots: LinearLayout? = null
    private var below: LinearLayout? = null
    private var shutter: ShutterButton? = null
    private var torch: ImageButton? = null
    private var narrow: Button? = null
    private var isLit = false
    private var judged: String? = args.getString(JUDGED)
    private var hasAsked = false
    private var isRepeated = false
    private var guideOf: String? = null

    override fun title(context: Context): CharSequence = context.words(R.string.camera_title)

    override fun tools(context: Context): List<View> = listOf(
        context.signButton(R.drawable.ic_torch_off, context.words(R.string.torch_on)) { light(!isLit) }.also {
            it.showIf(false)
            torch = it
        },
    )

    override fun body(context: Context): View {
        val picture = FrameLayout(context).apply { setBackgroundColor(Color.BLACK) }
        frame = picture
        finder = FinderView(context).also { picture.addView(it, fill()) }
        // Above the picture; where words are large or the screen is low, over it, so that the house has the room. There it hides
        // the floor line, so it is small and goes away by itself or when touched, until there is something else to say.
        val told = context.text("", Type.STRONG, R.color.on_note_soft).live().padded(14, 8)
        told.atMost(MOST_HINT_DP)
        told.background = context.shape(R.color.note_soft, radius = 8)
        told.setOnClickListener { told.showIf(false) }
        hint = told
        hinted = ""
        val kinds = context.row(GAP_DP).padded(EDGE_DP, 4)
        slots = kinds
        val sideways = HorizontalScrollView(context).apply {
            isHorizontalScrollBarEnabled = false
            addView(kinds)
        }
        val whole = FrameLayout(context).awake()
        whole.addView(picture, fill())
        val place = FrameLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT, Gravity.BOTTOM)
        val edge = context.dp(GAP_DP)
        place.setMargins(edge, edge, edge, edge)
        val all = context.column(0, sideways)
        val screen = context.resources.configuration
        isOver = context.isLarge || screen.screenHeightDp < 600
        if (!isOver) {
            all.addView(told, LinearLayout.LayoutParams(wide()).apply { setMargins(edge, 0, edge, edge) })
        } else {
            whole.addView(told, place)
        }
        all.addView(whole, restHigh())
        return all
    }

    override fun foot(context: Context): View = context.column(GAP_DP).also {
        below = it
        drawKeys(context)
    }

    override fun onShown() {
        val photo = judged
        if (photo == null) {
            load()
            start()
        } else {
            judge(photo)
        }
    }

    override fun onHidden() = stop()

    override fun save() {
        args.putString(KIND, chosen?.name)
        args.putString(JUDGED, judged)
    }

    override fun onBack(): Boolean {
        if (view == null || below?.tag != VERDICT) return false
        judged = null
        hinted = ""
        drawKeys(stage.activity)
        // What was just taken is in the draft now.
        load()
        start()
        return true
    }

    /** What the camera is for. */
    fun show(now: CameraView) {
        view = now
        val kinds = now.slots.map { it.kind }
        if (chosen !in kinds) chosen = null
        val kind = chosen ?: now.next
        val row = slots ?: return
        val context = row.context
        row.removeAllViews()
        for (slot in now.slots) {
            val button = slotButton(context, slot, slot.kind == kind)
            row.addView(button)
            // The chosen one is in sight, however long the words before it are.
            if (slot.kind == kind) button.post { (row.parent as? HorizontalScrollView)?.scrollTo(button.left - context.dp(EDGE_DP), 0) }
        }
        tell(hintOf(context, now, kind))
        finder?.show(if (hasLines(kind)) now.roofLine to now.floorLine else null)
        guide(now, kind)
        narrow?.apply {
            visibility = if (now.mayBeNarrow) View.VISIBLE else View.INVISIBLE
            text = context.words(if (now.narrow) R.string.narrow_off else R.string.narrow_on)
        }
        shutter?.let {
            it.isEnabled = now.left > 0u && isReady && !isTaking
            it.contentDescription = context.words(R.string.shutter, context.words(kind))
        }
        if (below?.tag != VERDICT) drawTaken(context, now, kind)
    }

    /** The instant verdict on a photo, and what to do about it. */
    fun showVerdict(photo: String, kind: PhotoKind, verdicts: List<PhotoVerdict>, jpeg: ByteArray?, isFresh: Boolean) {
        val column = below ?: return
        val context = column.context
        finder?.show(null)
        hint?.showIf(false)
        column.removeAllViews()
        column.tag = VERDICT
        judged = if (isFresh) photo else null
        (slots?.parent as? View)?.showIf(false)
        stop()
        val said = if (verdicts.isEmpty()) {
            listOf(context.box(Mood.GOOD, context.words(R.string.verdict_good)))
        } else {
            verdicts.map { context.box(Mood.WARN, context.words(it)) }
        }
        val card = context.column(GAP_DP, context.text(context.words(kind), Type.HEADING), context.picture(jpeg, context.words(kind), 320))
        for (box in said) card.addView(box.live(), wide())
        frame?.apply {
            removeAllViews()
            addView(context.scroll(card.padded()).apply { setBackgroundColor(context.colour(R.color.ground)) }, fill())
        }
        // A poor photo comes back later, so taking it again is what is offered first.
        val isPoor = isFresh && verdicts.isNotEmpty()
        val (yes, no) = if (isPoor) Tone.PLAIN to Tone.MAIN else Tone.MAIN to Tone.PLAIN
        val again = context.button(context.words(if (isFresh) R.string.photo_again else R.string.photo_drop), no) { drop(photo, kind) }
        val uses = if (isPoor) R.string.photo_use_anyway else if (isFresh) R.string.photo_use else R.string.photo_close
        val use = context.button(context.words(uses), yes) { use() }
        column.addView(context.pair(again, use), wide())
    }

    /** There is no picture from the camera: why, and the way out. */
    fun show(why: Camera.Unavailable) {
        val picture = frame ?: return
        val context = picture.context
        picture.removeAllViews()
        val todo = when (why) {
            Camera.Unavailable.NO_PERMISSION -> R.string.allow
            Camera.Unavailable.IN_USE, Camera.Unavailable.BROKEN, Camera.Unavailable.FORBIDDEN -> R.string.try_again
            Camera.Unavailable.NO_CAMERA -> null
        }
        val said = explain(context, R.drawable.ic_camera, context.words(why), todo?.let { context.words(it) }) {
            when (why) {
                Camera.Unavailable.NO_PERMISSION -> askCamera()
                Camera.Unavailable.IN_USE, Camera.Unavailable.BROKEN, Camera.Unavailable.FORBIDDEN, Camera.Unavailable.NO_CAMERA -> start()
            }
        }
        picture.addView(said, fill())
        isBlind = true
        hinted = ""
        hint?.showIf(false)
        shutter?.isEnabled = false
    }

    /** The phone was turned while a verdict was read: the verdict is shown again. */
    private fun judge(photo: String) = ask({ it.cameraView(visit) to it.photoView(photo) }) { (now, jpeg) ->
        show(now)
        val taken = now.slots.flatMap { it.photos }.find { it.id == photo }
        if (taken == null) {
            judged = null
            start()
        } else {
            showVerdict(taken.id, taken.kind, taken.verdicts, jpeg, isFresh = true)
        }
    }

    private fun load() = ask({ it.cameraView(visit) }) { show(it) }

    private fun hintOf(context: Context, now: CameraView, kind: PhotoKind): String {
        val slot = now.slots.find { it.kind == kind }
        val why = slot?.returned?.takeIf { !it.mended }?.let { context.words(R.string.camera_returned, context.reason(it.code)) }
        return when {
            now.left == 0u -> context.words(R.string.camera_full)
            why != null -> why + "\n" + context.aim(kind)
            else -> context.aim(kind)
        }
    }

    private fun tell(words: String) {
        val box = hint ?: return
        // Without a picture the way out stands where the hint would.
        if (isBlind) return box.showIf(false)
        if (words == hinted) return
        hinted = words
        box.say(words)
        box.removeCallbacks(away)
        if (isOver) box.postDelayed(away, HINT_MILLIS)
    }

    private fun slotButton(context: Context, slot: PhotoSlot, isChosen: Boolean): View {
        val sign = when {
            slot.photos.isNotEmpty() -> R.drawable.ic_check
            slot.needed -> R.drawable.ic_warn
            else -> R.drawable.ic_camera
        }
        val state = when {
            slot.photos.isNotEmpty() -> context.words(R.string.slot_taken, slot.photos.size)
            slot.needed -> context.words(R.string.slot_needed)
            else -> context.words(R.string.slot_optional)
        }
        return context.button(context.words(slot.kind), if (isChosen) Tone.MAIN else Tone.PLAIN, sign) {
            chosen = slot.kind
            // Asked for, the hint is said once more.
            hinted = ""
            view?.let { show(it) }
        }.apply {
            textSize = 16f
            isSelected = isChosen
            contentDescription = context.words(slot.kind) + ", " + state
        }
    }

    private fun drawKeys(context: Context) {
        val column = below ?: return
        (slots?.parent as? View)?.showIf(true)
        column.removeAllViews()
        column.tag = null
        val press = ShutterButton(context) { shoot() }
        press.isEnabled = isReady && !isTaking
        shutter = press
        val side = context.button(context.words(R.string.narrow_on)) { toggleNarrow() }.apply { textSize = 15f }.padded(4, 8)
        side.visibility = View.INVISIBLE
        narrow = side
        val next = context.button(context.words(R.string.go_on)) { goOn(visit) { say(stage.activity.words(R.string.camera_needed), Mood.WARN) } }
        next.padded(4, 8)
        val keys = context.row(GAP_DP)
        keys.addView(side, rest())
        keys.addView(press, LinearLayout.LayoutParams(context.dp(76), context.dp(76)))
        keys.addView(next, rest())
        column.addView(context.row(GAP_DP).apply { tag = TAKEN }.also { it.showIf(false) }, wide())
        column.addView(keys, wide())
        view?.let { show(it) }
    }

    /** Small pictures of what was taken already; touched, each is shown with its verdict. */
    private fun drawTaken(context: Context, now: CameraView, kind: PhotoKind) {
        val row = below?.findViewWithTag<LinearLayout>(TAKEN) ?: return
        val photos = now.slots.find { it.kind == kind }?.photos.orEmpty()
        row.showIf(photos.isNotEmpty())
        row.removeAllViews()
        for (photo in photos.takeLast(4)) {
            val small = ImageButton(context).apply {
                scaleType = ImageView.ScaleType.CENTER_CROP
                contentDescription = context.words(if (photo.kept) R.string.photo_kept else R.string.photo_taken, context.words(photo.kind))
                touchable(context.shape(R.color.card, R.color.line)) { look(photo) }
                padded(3, 3)
            }
            row.addView(small, LinearLayout.LayoutParams(context.dp(TOUCH_DP), context.dp(TOUCH_DP)))
            ask({ it.photoView(photo.id) }) { jpeg -> jpeg?.let { small.setImageBitmap(BitmapFactory.decodeByteArray(it, 0, it.size)) } }
        }
        val words = context.words(if (photos.any { it.kept }) R.string.taken_kept else R.string.taken_count, photos.size)
        row.addView(context.text(words, Type.NOTE), rest())
    }

    private fun look(photo: DraftPhoto) = ask({ it.photoView(photo.id) }) { jpeg ->
        showVerdict(photo.id, photo.kind, photo.verdicts, jpeg, isFresh = false)
    }

    /** Of a narrow alley the right half overlaps the left one: its edge is shown where it has to fit. */
    private fun guide(now: CameraView, kind: PhotoKind) {
        val left = now.slots.find { it.kind == PhotoKind.NARROW_LEFT }?.photos?.lastOrNull()?.id
        val wanted = if (kind == PhotoKind.NARROW_RIGHT) left else null
        if (wanted == guideOf) return
        guideOf = wanted
        if (wanted == null) {
            finder?.guide(null)
        } else {
            ask({ it.photoView(wanted) }) { jpeg -> if (guideOf == wanted) finder?.guide(jpeg) }
        }
    }

    private fun toggleNarrow() {
        val now = view ?: return
        act({ it.setNarrow(visit, !now.narrow) }) { show(it) }
    }

    private fun start() {
        if (!isInFront || camera != null || below?.tag == VERDICT) return
        when {
            stage.activity.has(Manifest.permission.CAMERA) -> begin()
            // Asked once by itself; after a no, only when the officer says so.
            hasAsked -> show(Camera.Unavailable.NO_PERMISSION)
            else -> askCamera()
        }
    }

    private fun askCamera() {
        hasAsked = true
        val activity = stage.activity
        activity.askPermission(listOf(Manifest.permission.CAMERA)) { granted, forGood ->
            whenInFront {
                when {
                    granted -> start()
                    forGood && isRepeated -> activity.startActivity(activity.appSettings())
                    else -> show(Camera.Unavailable.NO_PERMISSION)
                }
                isRepeated = true
            }
        }
    }

    private fun begin() {
        if (camera != null) return
        val picture = frame ?: return
        val context = stage.activity
        val eye = stage.app.newCamera()
        camera = eye
        isBlind = false
        picture.removeAllViews()
        val preview = eye.preview(context)
        preview.contentDescription = context.words(R.string.camera_preview)
        picture.addView(preview, fill())
        val drawn = FinderView(context)
        finder = drawn
        drawn.eye = eye
        picture.addView(drawn, fill())
        // Whoever sees the picture aims with a finger; whoever does not has focus by itself.
        @SuppressLint("ClickableViewAccessibility")
        drawn.setOnTouchListener { _, event ->
            if (event.actionMasked == MotionEvent.ACTION_DOWN) {
                drawn.focus(event.x, event.y)
                eye.focusAt(event.x, event.y)
            }
            true
        }
        guideOf = null
        eye.open(object : Camera.Watcher {
            override fun ready(hasTorch: Boolean) {
                isReady = true
                torch?.showIf(hasTorch)
                shutter?.isEnabled = (view?.left ?: 0u) > 0u
                drawn.invalidate()
            }
            override fun unavailable(why: Camera.Unavailable) {
                stop()
                show(why)
            }
            override fun tilted(x: Float, y: Float, z: Float) = drawn.level(level(x, y, z))
        })
        view?.let { show(it) }
    }

    private fun stop() {
        camera?.close()
        camera = null
        isReady = false
        isTaking = false
        shutter?.isEnabled = false
        isLit = false
        torch?.showIf(false)
    }

    private fun light(on: Boolean) {
        val eye = camera ?: return
        isLit = on
        eye.torch(on)
        torch?.apply {
            setImageDrawable(context.sign(if (on) R.drawable.ic_torch_on else R.drawable.ic_torch_off, R.color.text))
            contentDescription = context.words(if (on) R.string.torch_off else R.string.torch_on)
        }
    }

    private fun shoot() {
        val eye = camera ?: return
        val kind = chosen ?: view?.next ?: return
        isTaking = true
        shutter?.isEnabled = false
        tell(stage.activity.words(R.string.camera_taking))
        eye.capture({ shot -> take(shot, kind) }, { why ->
            // One that was let go meanwhile has nothing to say. Let go of this one: the way back opens it anew.
            if (isInFront && camera === eye) {
                stop()
                show(why)
            }
        })
    }

    private fun take(shot: Shot, kind: PhotoKind) {
        if (!isInFront) return
        act({ core ->
            val taken = core.addPhoto(visit, NewPhoto(kind, shot.jpeg, shot.takenAtMicros))
            Taken(taken, core.photoView(taken.id))
        }) { showVerdict(it.photo.id, kind, it.photo.verdicts, it.view, isFresh = true) }
    }

    private class Taken(val photo: PhotoTaken, val view: ByteArray?)

    private fun drop(photo: String, kind: PhotoKind) = act({ it.dropPhoto(visit, photo) }) {
        resume(kind)
    }

    /** The photo stays: on to the next, or to what the core wants read before that. */
    private fun use() = ask({ it.cameraView(visit) }) { now ->
        judged = null
        if (now.noticeDue) goOn(visit) else resume()
    }

    /** Back to the camera, for this photo again or for the one that is wanted next. */
    private fun resume(kind: PhotoKind? = null) {
        chosen = kind
        judged = null
        hinted = ""
        drawKeys(stage.activity)
        load()
        start()
    }

    override fun failed(error: CoreException) {
        super.failed(error)
        isTaking = false
        shutter?.isEnabled = isReady
        view?.let { show(it) }
    }

    private fun fill() = FrameLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.MATCH_PARENT)

    private companion object {
        const val KIND = "kind"
        const val JUDGED = "judged"
        const val VERDICT = "verdict"
        const val TAKEN = "taken"
        const val MOST_HINT_DP = 20
        const val HINT_MILLIS = 6000L
    }
}

/** A whole part of a screen that says why something cannot be, and what helps. */
internal fun explain(context: Context, sign: Int, words: CharSequence, todo: CharSequence?, act: () -> Unit): View {
    val picture = ImageView(context).apply { setImageDrawable(context.sign(sign, R.color.text_soft)) }.silent()
    val said = context.text(words, Type.HEADING).apply { gravity = Gravity.CENTER }.live()
    val all = context.column(EDGE_DP)
    all.addView(picture, LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, context.dp(72)))
    all.addView(said, wide())
    if (todo != null) all.addView(context.button(todo, Tone.MAIN, act = act), wide())
    return context.scroll(all.padded(24, 24).apply { gravity = Gravity.CENTER }).apply {
        setBackgroundColor(context.colour(R.color.ground))
    }
}
