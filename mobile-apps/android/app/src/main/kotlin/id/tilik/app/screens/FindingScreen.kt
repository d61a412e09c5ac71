package id.tilik.app.screens

import android.content.Context
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import id.tilik.app.R
import uniffi.tilik_mobile_core.BeginVisit
import uniffi.tilik_mobile_core.VillageChoice
import uniffi.tilik_protocol.VisitKind

/** Something that is not on the list: first where it is; photo, pin and questions follow as in any visit. */
class FindingScreen(args: Bundle = Bundle()) : Screen(ScreenName.FINDING, args) {
    private var column: LinearLayout? = null
    private var begin: Button? = null
    private var villages: List<VillageChoice> = emptyList()

    override fun title(context: Context): CharSequence = context.words(R.string.finding_new)

    override fun body(context: Context): View = context.scroll(context.column(EDGE_DP).padded().also { column = it })

    override fun foot(context: Context): View =
        context.button(context.words(R.string.finding_begin), Tone.MAIN, R.drawable.ic_camera) { begin() }.also {
            it.allow(false)
            begin = it
        }

    override fun onShown() = ask({ it.villages() }) { show(it) }

    /** The villages where this officer works. */
    fun show(choices: List<VillageChoice>) {
        villages = choices
        if (choices.size == 1) args.putString(REGION, choices[0].region)
        draw()
    }

    private fun draw() {
        val all = column ?: return
        val context = all.context
        all.removeAllViews()
        all.addView(context.text(context.words(R.string.finding_how)), wide())
        all.addView(context.text(context.words(R.string.finding_where), Type.HEADING), wide())
        if (villages.isEmpty()) all.addView(context.box(Mood.WARN, context.words(R.string.finding_no_village)), wide())
        val chosen = chosen()
        for (village in villages) {
            val isChosen = village == chosen
            val words = if (village.training) context.words(R.string.finding_training, village.name) else village.name
            val button = context.button(words, if (isChosen) Tone.MAIN else Tone.PLAIN, if (isChosen) R.drawable.ic_check else null) {
                args.putString(REGION, village.region)
                draw()
            }
            button.isSelected = isChosen
            all.addView(button, wide())
        }
        isTraining = chosen?.training == true
        begin?.allow(chosen != null)
    }

    private fun chosen(): VillageChoice? = villages.find { it.region == args.getString(REGION) }

    private fun begin() {
        val village = chosen() ?: return
        act({ it.beginVisit(BeginVisit(null, VisitKind.FINDING, village.region, village.training)) }) { goOn(it) }
    }

    private companion object {
        const val REGION = "region"
    }
}
