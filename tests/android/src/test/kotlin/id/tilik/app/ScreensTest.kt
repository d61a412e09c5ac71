package id.tilik.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.net.Uri
import android.view.WindowManager
import android.widget.ListView
import id.tilik.app.phone.Camera
import id.tilik.app.phone.Positions
import id.tilik.app.phone.Sender
import id.tilik.app.screens.EnrolScreen
import id.tilik.app.screens.Entry
import id.tilik.app.screens.ScreenName
import id.tilik.app.screens.TodayScreen
import id.tilik.app.screens.UpdateScreen
import id.tilik.app.support.City
import id.tilik.app.support.Eye
import id.tilik.app.support.Hand
import id.tilik.app.support.House
import id.tilik.app.support.TestApp
import id.tilik.app.support.Wire
import java.io.ByteArrayInputStream
import java.io.File
import java.net.URL
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.BeforeClass
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.util.ReflectionHelpers
import uniffi.tilik_mobile_core.BeginVisit
import uniffi.tilik_mobile_core.CaseAction
import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.LockState
import uniffi.tilik_mobile_core.NewPhoto
import uniffi.tilik_mobile_core.Notice
import uniffi.tilik_mobile_core.OutboxState
import uniffi.tilik_mobile_core.TodayOrder
import uniffi.tilik_mobile_core.TodayQuery
import uniffi.tilik_mobile_core.UpdateState
import uniffi.tilik_protocol.PhotoKind
import uniffi.tilik_protocol.QuestionKind
import uniffi.tilik_protocol.RevokeKind
import uniffi.tilik_protocol.VisitKind

/** An officer's day: every screen with what the real core says, touched by its words, looked at by day and by night. */
@RunWith(RobolectricTestRunner::class)
class ScreensTest {
    private val app = (RuntimeEnvironment.getApplication() as TestApp).apply { phoneName = "layar" }
    private val wire = Wire(URL(City.address).port)
    private val hand = Hand(app)
    private val eye = Eye(hand)
    private var photos = 10

    /** Two of the families, by the names on their rows. */
    private var full = ""
    private var quick = ""

    @After
    fun end() {
        // Also when the day ended early.
        eye.faults.forEach(::println)
        wire.close()
    }

    private fun words(id: Int, vararg with: Any) = app.getString(id, *with)

    private fun touch(id: Int) = hand.touch(words(id))

    private fun untilSeen(id: Int) = hand.untilSeen(words(id))

    private fun look(name: String) = eye.look(name)

    private fun type(id: Int, text: String) = hand.type(words(id), text)

    @Test
    fun `a day`() {
        door()
        val case = City.assign("siti", "full").single()
        City.assign("siti", "quick", 3)
        list(case)
        theFullVisit()
        outbox()
        returned(case)
        cannotBeSeen()
        finding()
        months()
        assertEquals("", eye.faults.joinToString("\n"))
    }

    /** Enrolment, sign-in, another password, the PIN. */
    private fun door() {
        hand.open()
        assertTrue(hand.activity.window.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE != 0)
        untilSeen(R.string.enrol_title)
        look("01-daftar")
        keyLost()
        type(R.string.enrol_code, "x")
        touch(R.string.enrol_send)
        assertFalse("a bad address is said", hand.touchable(words(R.string.enrol_send)) == null)
        type(R.string.enrol_server, wire.address)
        type(R.string.enrol_code, City.enrolment("siti"))
        touch(R.string.enrol_send)
        hand.until("the phone is enrolled") { hand.sees(words(R.string.sign_in_how)) }
        look("02-masuk")
        type(R.string.sign_in_name, "siti")
        type(R.string.sign_in_password, City.FIRST_PASSWORD)
        touch(R.string.sign_in_send)
        hand.until("somebody else chose the password") { hand.sees(words(R.string.password_how)) }
        look("03-ganti-kata-sandi")
        type(R.string.password_old, City.FIRST_PASSWORD)
        type(R.string.password_new, City.PASSWORD)
        type(R.string.password_again, City.PASSWORD + "x")
        touch(R.string.password_send)
        assertTrue(hand.sees(words(R.string.password_differs)))
        type(R.string.password_again, City.PASSWORD)
        touch(R.string.password_send)
        untilSeen(R.string.app_pin_choose)
        look("04-pin-aplikasi")
        pin("123456")
        pin("123456")
        assertTrue("a simple PIN is refused", hand.sees(words(R.string.app_pin_choose)))
        pin("482916")
        assertTrue(hand.sees(words(R.string.app_pin_repeat)))
        pin("482916")
        untilSeen(R.string.today_title)
    }

    /** The phone's key was lost: said where the phone is enrolled again. */
    private fun keyLost() {
        val now = app.desk.wait { it.status() }
        fun door(revoked: RevokeKind) = Entry(now.copy(enrolled = true, user = "u", deviceRevoked = revoked), LockState.Open).gate()
        assertEquals("a stolen phone that was found is enrolled anew", ScreenName.ENROL, door(RevokeKind.STOLEN))
        assertEquals("a retired one finishes first", null, door(RevokeKind.RETIRED))
        val status = now.copy(keyLost = true, visitsWaiting = 2u)
        eye.look("01b-kunci-hilang") { (hand.shown() as EnrolScreen).show(status) }
    }

    private fun rows() = app.desk.wait { it.today(TodayQuery("", TodayOrder.NEIGHBOURHOOD, null, 0u, 200u)) }.rows

    private fun pin(digits: String) = digits.forEach { hand.touch(it.toString()) }

    private fun list(case: String) {
        app.sender.sendNow()
        hand.until("the cases come") { rows().size == 4 }
        full = rows().first { it.case == case }.name
        quick = rows().first { it.kind == VisitKind.QUICK }.name
        hand.untilSeen(quick)
        assertTrue(hand.sees(words(R.string.today_no_place)))
        look("05-hari-ini-tanpa-lokasi")
        app.positions.become(Positions.Unavailable.NO_PERMISSION)
        hand.settle()
        assertTrue(hand.sees(words(R.string.place_no_permission_list)))
        look("06-hari-ini-lokasi-ditolak")
        app.positions.become(null)
        app.positions.hear(City.LAT + 3_000, City.LON, 600)
        hand.until("the order by distance") { !hand.sees(words(R.string.today_no_place)) && !hand.sees(words(R.string.place_no_permission_list)) }
        look("07-hari-ini")
        hand.touch(words(R.string.today_search))
        type(R.string.today_search, quick.lowercase())
        hand.until("only who was searched for") { hand.sees(quick) && !hand.sees(full) }
        look("08-cari")
        type(R.string.today_search, "tidakadayangbegini")
        hand.untilSeen(words(R.string.today_not_found))
        look("08b-cari-tanpa-hasil")
        hand.back()
        hand.untilSeen(full)
        touch(R.string.map_title)
        hand.settle()
        look("09-peta")
        hand.back()
    }

    /** The full visit, with everything that can go wrong on the way. */
    private fun theFullVisit() {
        hand.touch(full)
        untilSeen(R.string.case_asked)
        look("10-kasus")
        shadowOf(app).denyPermissions(Manifest.permission.CAMERA)
        touch(R.string.begin_full)
        hand.settle()
        refuseCamera()
        app.camera.scene = House(++photos).jpeg()
        shadowOf(app).grantPermissions(Manifest.permission.CAMERA)
        hand.leave()
        hand.comeBack()
        unlocked()
        hand.until("the camera is open") { app.camera.isOpen }
        look("12-kamera")
        app.camera.become(Camera.Unavailable.IN_USE)
        hand.settle()
        assertTrue("another app takes the camera", hand.sees(words(R.string.camera_in_use)))
        look("13-kamera-dipakai")
        app.camera.unavailable = null
        // Opening takes its time: until the picture is there, the shutter does nothing.
        app.camera.isSlow = true
        touch(R.string.try_again)
        hand.until("the camera is back") { app.camera.isOpen }
        tapShutter()
        assertEquals("nothing is photographed before there is a picture", 0, app.camera.asked)
        app.camera.isSlow = false
        app.camera.become(null)
        hand.settle()
        // The photo fails: the way back works.
        app.camera.unavailable = Camera.Unavailable.BROKEN
        tapShutter()
        assertEquals(1, app.camera.asked)
        untilSeen(R.string.camera_broken)
        app.camera.unavailable = null
        touch(R.string.try_again)
        hand.until("the camera is back") { app.camera.isOpen }
        // Too dark: said at once, and taken again.
        app.camera.scene = House(++photos).jpeg(dark = true)
        shoot()
        look("14-foto-gelap")
        assertFalse(hand.sees(words(R.string.verdict_good)))
        touch(R.string.photo_again)
        app.camera.scene = House(++photos).jpeg()
        shoot()
        assertTrue("a good photo is said to be one: ${hand.texts()}", hand.sees(words(R.string.verdict_good)))
        look("15-foto-jelas")
        touch(R.string.photo_use)
        // The front is there: before anything of the family's own comes the notice.
        untilSeen(R.string.notice_title)
        // The process dies between photo and seal: the draft and the screen are there again.
        hand.killAndReopen()
        untilSeen(R.string.app_pin_enter)
        look("16-pin-terkunci")
        forgotten()
        pin("111222")
        assertTrue("a wrong PIN is counted", hand.sees("Sisa percobaan"))
        pin("482916")
        untilSeen(R.string.notice_title)
        assertEquals("the photo is still there", 1, draft().photos.size)
        look("21-pemberitahuan")
        touch(R.string.notice_read)
        untilSeen(R.string.camera_title)
        takeWhatIsAsked()
        thePin()
        untilSeen(R.string.questions_title)
        questions()
        untilSeen(R.string.summary_title)
        look("24-ringkasan")
        app.phone.freeBytes = 1000
        touch(R.string.seal)
        hand.settle()
        eye.glance("25-hp-penuh")
        assertTrue("a full phone does not seal, and loses nothing", hand.sees(words(R.string.summary_title)))
        app.phone.freeBytes = 8L shl 30
        // From here on the network answers with a page of its own.
        wire.page = "<html>Selamat datang di WiFi gratis</html>"
        touch(R.string.seal)
        untilSeen(R.string.sealed_words)
        look("26-tersegel")
    }

    /** What forgetting the PIN means is said, and the way back is there for whoever remembers. */
    private fun forgotten() {
        eye.look("16b-lupa-pin") {
            hand.dialog()?.dismiss()
            touch(R.string.app_pin_forgot)
            assertTrue(hand.sees(words(R.string.app_pin_forgot_why)))
        }
        hand.dialog()?.dismiss()
        touch(R.string.app_pin_forgot)
        touch(R.string.app_pin_forgot_go)
        untilSeen(R.string.app_pin_forgot_how)
        look("16c-lupa-pin-masuk")
        hand.back()
        untilSeen(R.string.app_pin_enter)
    }

    private fun refuseCamera() {
        refuse()
        assertTrue("${hand.texts()}", hand.sees(words(R.string.camera_no_permission)))
        look("11-kamera-ditolak")
        // Asked again by hand and refused for good: only the phone's own page helps.
        repeat(2) {
            touch(R.string.allow)
            refuse()
        }
        val opened = generateSequence { shadowOf(hand.activity).nextStartedActivity }.map { it.action }.toList()
        assertTrue("$opened", android.provider.Settings.ACTION_APPLICATION_DETAILS_SETTINGS in opened)
    }

    private fun refuse() {
        val asked = shadowOf(hand.activity).lastRequestedPermission
        assertNotNull("the camera is asked for", asked)
        val refused = IntArray(asked.requestedPermissions.size) { android.content.pm.PackageManager.PERMISSION_DENIED }
        // The system counts the question as answered before it tells.
        ReflectionHelpers.setField(Activity::class.java, hand.activity, "mHasCurrentPermissionsRequest", false)
        hand.activity.onRequestPermissionsResult(asked.requestCode, asked.requestedPermissions, refused)
        hand.settle()
    }

    private fun unlocked() {
        if (hand.sees(words(R.string.app_pin_enter))) pin("482916")
    }

    private fun tapShutter() {
        val name = words(R.string.shutter, "").trim()
        val button = hand.views().first { it.contentDescription?.contains(name) == true }
        // A finger does nothing on what is not enabled; a click by code would.
        if (button.isEnabled) button.performClick()
        hand.settle()
    }

    private fun shoot() {
        hand.touch(words(R.string.shutter, "").trim())
        hand.until("the verdict") { hand.sees(words(R.string.photo_use)) || hand.sees(words(R.string.photo_use_anyway)) }
    }

    private fun draft() = app.desk.wait { core -> core.draft(core.drafts().last()) }

    /** Two more photos, and on. */
    private fun takeWhatIsAsked() {
        repeat(2) {
            hand.until("the camera is open") { app.camera.isOpen }
            app.camera.scene = House(++photos).jpeg()
            shoot()
            touch(R.string.photo_use)
        }
        touch(R.string.go_on)
    }

    private fun thePin() {
        untilSeen(R.string.pin_how)
        look("17-titik-mencari")
        app.positions.become(Positions.Unavailable.SWITCHED_OFF)
        hand.settle()
        assertTrue("location is off", hand.sees(words(R.string.place_off)))
        look("18-lokasi-mati")
        app.positions.become(null)
        app.positions.hear(City.LAT, City.LON, 900, mock = true)
        hand.untilSeen(words(R.string.pin_mocked))
        // Each change of light or letters makes the screen anew, and what was heard before is not counted again.
        eye.look("19-lokasi-tiruan") {
            app.positions.hear(City.LAT, City.LON, 900, mock = true)
            hand.settle()
        }
        touch(R.string.pin_by_hand)
        untilSeen(R.string.pin_by_hand_how)
        onTheMap()
        hand.back()
        untilSeen(R.string.pin_how)
        eye.look("20-titik") { fixes() }
        fixes()
        touch(R.string.pin_take)
        hand.settle()
    }

    /** A point is used only when the map was moved and is near enough. */
    private fun onTheMap() {
        fun usable() = hand.touchable(words(R.string.pin_use)) != null
        look("19b-titik-di-peta")
        assertFalse("nobody aimed", usable())
        assertTrue(hand.sees(words(R.string.pin_nearer_first)))
        fun nearer() {
            repeat(20) { if (hand.sees(words(R.string.pin_nearer_first))) touch(R.string.map_nearer) }
            assertTrue("near enough, and moved", usable())
        }
        nearer()
        touch(R.string.map_whole)
        assertFalse("all of it is no aim", usable())
        touch(R.string.map_to_here)
        assertFalse("here, but too far away", usable())
        eye.look("19c-titik-di-peta-dekat") {
            touch(R.string.map_to_here)
            nearer()
        }
    }

    private fun fixes() = repeat(6) { n ->
        app.positions.hear(City.LAT + n * 10, City.LON + n * 10, 450)
        hand.settle()
    }

    private fun questions(pictured: Boolean = true) {
        var looked = if (pictured) 0 else 2
        repeat(60) {
            if (hand.sees(words(R.string.summary_title))) return
            val at = app.desk.wait { core -> core.questions(core.drafts().last()) }.firstOrNull { it.answer == null || it.fault != null } ?: return done()
            when (val kind = at.kind) {
                is QuestionKind.YesNo -> {
                    if (looked == 0) look("22-pertanyaan").also { looked = 1 }
                    answer(at.text, words(R.string.yes))
                }
                is QuestionKind.Choice -> {
                    if (looked == 1) look("23-pilihan").also { looked = 2 }
                    answer(at.text, kind.options.first().label)
                }
                is QuestionKind.Number -> typed(at.text, "3")
                is QuestionKind.Text -> typed(at.text, "Tidak ada")
            }
        }
    }

    private fun typed(question: String, value: String) {
        find(question)
        type(R.string.question_answer, value)
        onward()
    }

    private fun answer(question: String, label: String) {
        find(question)
        hand.touch(label)
    }

    private fun find(question: String) = repeat(60) {
        if (hand.sees(question)) return
        onward()
    }

    private fun onward() {
        if (hand.touchable(words(R.string.question_next)) != null) touch(R.string.question_next) else touch(R.string.questions_done)
    }

    private fun done() {
        repeat(60) {
            if (hand.sees(words(R.string.summary_title))) return
            onward()
        }
    }

    private fun outbox() {
        touch(R.string.sealed_outbox)
        untilSeen(R.string.outbox_visit_title)
        look("27-bukti-kirim")
        hand.back()
        hand.touch(words(R.string.outbox_title))
        untilSeen(R.string.send_now)
        touch(R.string.send_now)
        hand.until("the network's own page is told") { hand.sees(words(R.string.sender_portal)) }
        eye.glance("28-halaman-jaringan")
        hand.touch(words(R.string.carry_title))
        untilSeen(R.string.carry_how)
        look("29-titip-kirim")
        hand.back()
        wire.page = null
        touch(R.string.send_now)
        hand.until("all is on the server", 120) {
            app.desk.wait { it.sendNow() }
            app.sender.wake()
            app.desk.wait { it.outbox() }.all { it.photosReceived == it.photosTotal && it.receivedAt != null }
        }
        look("30-kotak-kirim")
        hand.touch("Disegel")
        hand.settle()
        look("31-bukti-kirim-diterima")
        hand.back()
        hand.back()
    }

    /** The supervisor wants one photo again; the others stand. */
    private fun returned(case: String) {
        val photo = City.case(case).getJSONArray("visits").getJSONObject(0).getJSONArray("photos").getJSONObject(0).getString("id")
        City.giveBack(case, photo to "ATAP_TERPOTONG", note = "Mundur dua langkah, Bu.")
        app.sender.sendNow()
        hand.untilSeen(words(R.string.count_returned, 1))
        look("32-dikembalikan-di-daftar")
        hand.touch(full)
        hand.untilSeen("Mundur dua langkah, Bu.")
        look("33-kasus-dikembalikan")
        val before = app.desk.wait { it.drafts().size }
        touch(R.string.case_action_retake)
        hand.until("the camera is open") { app.camera.isOpen }
        assertEquals(before + 1, app.desk.wait { it.drafts().size })
        assertTrue("the rest stands", draft().photos.isNotEmpty() && draft().photos.all { it.kept })
        look("34-kamera-ulang")
        app.camera.scene = House(++photos).jpeg()
        shoot()
        touch(R.string.photo_use)
        untilSeen(R.string.notice_title)
        touch(R.string.notice_read)
        untilSeen(R.string.pin_how)
        fixes()
        touch(R.string.pin_take)
        hand.settle()
        if (hand.sees(words(R.string.questions_title))) questions()
        untilSeen(R.string.summary_title)
        look("35-ringkasan-ulang")
        touch(R.string.seal)
        untilSeen(R.string.sealed_words)
        touch(R.string.sealed_next)
        untilSeen(R.string.today_title)
    }

    private fun cannotBeSeen() {
        hand.touch(quick)
        untilSeen(R.string.case_asked)
        touch(R.string.begin_unreachable)
        hand.settle()
        repeat(6) {
            when {
                hand.sees(words(R.string.why_not_how)) -> {
                    look("36-tidak-ditemui")
                    hand.touch(hand.views().filterIsInstance<android.widget.Button>().first().text.toString())
                }
                hand.sees(words(R.string.pin_how)) -> {
                    fixes()
                    touch(R.string.pin_take)
                }
                hand.sees(words(R.string.summary_title)) -> return@repeat
                app.camera.isOpen -> {
                    app.camera.scene = House(++photos).jpeg()
                    if (draft().photos.isEmpty()) {
                        shoot()
                        touch(R.string.photo_use)
                    }
                    touch(R.string.go_on)
                }
            }
            hand.settle()
        }
        assertEquals(VisitKind.UNREACHABLE, draft().kind)
        untilSeen(R.string.summary_title)
        look("37-ringkasan-tidak-ditemui")
        hand.touch(words(R.string.discard))
        assertNotNull("it is asked once more", hand.dialog())
        hand.dialog()!!.dismiss()
        touch(R.string.seal)
        untilSeen(R.string.sealed_words)
        touch(R.string.sealed_next)
    }

    private fun finding() {
        untilSeen(R.string.today_title)
        touch(R.string.finding_new)
        untilSeen(R.string.finding_how)
        look("38-temuan")
        hand.back()
    }

    private fun months() {
        untilSeen(R.string.today_title)
        hand.touch(words(R.string.settings_title))
        untilSeen(R.string.settings_title)
        look("39-pengaturan")
        for ((title, name) in listOf(
            R.string.report_title to "40-laporan", R.string.storage_title to "41-penyimpanan", R.string.update_title to "42-pembaruan",
            R.string.app_pin_change to "43-ganti-pin", R.string.sign_out_title to "44-keluar",
        )) {
            touch(title)
            hand.settle()
            look(name)
            if (title == R.string.app_pin_change) anotherPin()
            if (title == R.string.report_title) share()
            if (title != R.string.sign_out_title) {
                hand.back()
                untilSeen(R.string.settings_title)
            }
        }
        assertTrue("unsent work is said before signing out", hand.sees("Belum terkirim") || hand.sees(words(R.string.sign_out_clean)))
        touch(R.string.sign_out)
        hand.until("signed out") { hand.sees(words(R.string.sign_in_how)) }
        assertFalse("nobody's family is to be seen", hand.sees(full))
    }

    /** The old one first; a core that is older than this rule lets any through. */
    private fun anotherPin() {
        assertTrue(hand.sees(words(R.string.app_pin_old)))
        pin("482916")
        untilSeen(R.string.app_pin_choose)
        eye.glance("43b-ganti-pin-baru")
    }

    @Test
    fun `another day, most of it without a network`() {
        app.phoneName = "layar-lain"
        enter("rini")
        updates()
        hand.touch(words(R.string.outbox_title))
        untilSeen(R.string.outbox_empty)
        look("50-kotak-kirim-kosong")
        hand.back()
        seenBefore()
        wire.isDown = true
        val quick = rows().filter { it.kind == VisitKind.QUICK }
        theWay(quick[0].name)
        narrowAlley()
        practice(quick[1].case)
        wholeFinding()
        waiting()
        val bundle = carryOut()
        signOutView()
        attention()
        colleague(bundle)
        assertEquals("", eye.faults.joinToString("\n"))
    }

    /** Enrolled, signed in, with a PIN; forgets the PIN at once and chooses another. */
    private fun enter(officer: String) {
        hand.open()
        untilSeen(R.string.enrol_title)
        type(R.string.enrol_server, wire.address)
        type(R.string.enrol_code, City.enrolment(officer))
        touch(R.string.enrol_send)
        hand.until("the phone is enrolled") { hand.sees(words(R.string.sign_in_how)) }
        type(R.string.sign_in_name, officer)
        type(R.string.sign_in_password, City.FIRST_PASSWORD)
        touch(R.string.sign_in_send)
        hand.until("somebody else chose the password") { hand.sees(words(R.string.password_how)) }
        type(R.string.password_old, City.FIRST_PASSWORD)
        type(R.string.password_new, City.PASSWORD)
        type(R.string.password_again, City.PASSWORD)
        touch(R.string.password_send)
        untilSeen(R.string.app_pin_choose)
        repeat(2) { pin("482916") }
        untilSeen(R.string.today_title)
        hand.killAndReopen()
        untilSeen(R.string.app_pin_enter)
        touch(R.string.app_pin_forgot)
        touch(R.string.app_pin_forgot_go)
        untilSeen(R.string.app_pin_forgot_how)
        type(R.string.sign_in_password, "salah sama sekali")
        touch(R.string.sign_in_send)
        hand.until("a wrong password opens nothing") { hand.sees(words(R.string.problem_wrong_credentials)) }
        type(R.string.sign_in_password, City.PASSWORD)
        touch(R.string.sign_in_send)
        untilSeen(R.string.app_pin_choose)
        repeat(2) { pin("739164") }
        untilSeen(R.string.today_title)
    }

    /** A newer app, from its notice to the installer. The core is not brought there: the test's server has none. */
    private fun updates() {
        val offered = UpdateState.Offered("0.2.0", 14_200_000u)
        eye.look("49-pembaruan-di-daftar") { (hand.shown() as TodayScreen).show(listOf(Notice.UpdateOffered("0.2.0", 14_200_000u))) }
        hand.touch(words(R.string.settings_title))
        touch(R.string.update_title)
        eye.look("49b-pembaruan-ditawarkan") { (hand.shown() as UpdateScreen).show(offered) }
        eye.look("49c-pembaruan-diambil") { (hand.shown() as UpdateScreen).show(UpdateState.Fetching("0.2.0", 14_200_000u)) }
        eye.look("49d-pembaruan-siap") { (hand.shown() as UpdateScreen).show(UpdateState.Ready("0.2.0", "tilik.apk")) }
        hand.back()
        hand.back()
        untilSeen(R.string.today_title)
    }

    /** Three houses were visited before, and have a pin; a fourth was not. */
    private fun seenBefore() {
        val cases = City.assign("rini", "quick", 3)
        app.sender.sendNow()
        hand.until("the cases come") { rows().size == 3 }
        cases.forEachIndexed { n, case ->
            app.desk.wait { core ->
                val visit = core.act(case, CaseAction.Visit(VisitKind.QUICK))
                core.addPhoto(visit, NewPhoto(PhotoKind.HOUSE_FRONT, House(++photos).jpeg(), app.phone.wallMicros()))
                repeat(5) {
                    val fix = Fix(
                        latE7 = City.LAT + n * 9_000, lonE7 = City.LON + n * n * 8_000, accuracyCm = 450, altitudeCm = null, speedCmS = null,
                        bearingCdeg = null, provider = "gps", mock = false, elapsedNs = app.phone.elapsedNs(), takenAtMicros = app.phone.wallMicros(),
                    )
                    core.onFix(visit, fix)
                }
                core.takePin(visit, null)
                core.seal(visit)
            }
        }
        hand.until("they are on the server", 90) {
            app.desk.wait { it.sendNow() }
            app.sender.wake()
            app.desk.wait { it.outbox() }.let { all -> all.size == 3 && all.all { it.state is OutboxState.Sent } }
        }
        val again = cases.map { City.askAgain(it, "rini", "quick") }
        City.assign("rini", "full")
        hand.until("the houses come with their pins", 90) {
            app.desk.wait { it.sendNow() }
            app.sender.wake()
            rows().size == 4 && again.all { case -> app.desk.wait { it.caseView(case, null) }?.lastPin != null }
        }
    }

    /** A case some way off: how far, in which direction, and where it lies among the others. */
    private fun theWay(name: String) {
        touchRow(name)
        untilSeen(R.string.case_asked)
        val near = { app.positions.hear(City.LAT - 25_000, City.LON - 12_000, 600).also { hand.settle() } }
        near()
        hand.until("the way") { hand.texts().any { it.contains(words(R.string.way_direction, "").trim()) } }
        eye.look("51-kasus-jarak-dan-arah") { near() }
        touch(R.string.map_title)
        eye.look("52-peta-kasus") { near() }
        repeat(4) { touch(R.string.map_nearer) }
        eye.glance("52b-peta-kasus-dekat")
        hand.back()
        untilSeen(R.string.case_asked)
    }

    /** Two halves that overlap, instead of one front. */
    private fun narrowAlley() {
        shadowOf(app).grantPermissions(Manifest.permission.CAMERA)
        touch(R.string.begin_quick)
        hand.until("the camera is open") { app.camera.isOpen }
        touch(R.string.narrow_on)
        hand.until("two halves are asked for") { hand.sees(words(R.string.photo_kind_narrow_left)) }
        look("53-gang-sempit-kiri")
        app.camera.scene = House(++photos).jpeg()
        shoot()
        touch(R.string.photo_use)
        hand.until("the camera is open") { app.camera.isOpen }
        touch(R.string.go_on)
        assertTrue("one half is not enough", hand.sees(words(R.string.camera_needed)))
        look("54-gang-sempit-kanan")
        app.camera.scene = House(++photos).jpeg()
        shoot()
        touch(R.string.photo_use)
        hand.until("the camera is open") { app.camera.isOpen }
        touch(R.string.go_on)
        untilSeen(R.string.pin_how)
        byHand()
        untilSeen(R.string.summary_title)
        look("55-gang-sempit-ringkasan")
        sealed()
    }

    /** The pin is set on the map: as sure as the map lets a person be, and no surer. */
    private fun byHand() {
        app.positions.hear(City.LAT - 25_000, City.LON - 12_000, 600)
        touch(R.string.pin_by_hand)
        untilSeen(R.string.pin_by_hand_how)
        fun nearer() = repeat(20) { if (hand.sees(words(R.string.pin_nearer_first))) touch(R.string.map_nearer) }
        fun why() {
            nearer()
            touch(R.string.pin_use)
            type(R.string.pin_reason, "Penerima lokasi rusak")
        }
        // The map is made anew with each change of light and letters.
        eye.look("55b-titik-dengan-tangan") { nearer() }
        eye.look("55c-titik-dengan-tangan-alasan") { why() }
        why()
        touch(R.string.pin_take)
        val pin = draft().pin
        assertNotNull("the pin is set", pin)
        assertEquals("hand", pin!!.source)
        assertTrue("${pin.accuracyCm} cm is what nobody can judge by eye", pin.accuracyCm > 1_000)
    }

    private fun sealed() {
        touch(R.string.seal)
        untilSeen(R.string.sealed_words)
        touch(R.string.sealed_next)
        untilSeen(R.string.today_title)
    }

    /** Practice says on every screen that it is practice. */
    private fun practice(case: String) {
        app.desk.wait { it.beginVisit(BeginVisit(case, VisitKind.QUICK, null, true)) }
        val name = rows().first { it.case == case }.name
        app.desk.touch()
        touchRow(name)
        untilSeen(R.string.case_action_continue)
        touch(R.string.case_action_continue)
        hand.until("the camera is open") { app.camera.isOpen }
        assertTrue(hand.sees(words(R.string.training_banner)))
        look("56-latihan-kamera")
        app.camera.scene = House(++photos).jpeg()
        shoot()
        assertTrue(hand.sees(words(R.string.training_banner)))
        look("56b-latihan-foto")
        touch(R.string.photo_use)
        hand.until("the camera is open") { app.camera.isOpen }
        touch(R.string.go_on)
        untilSeen(R.string.pin_how)
        eye.look("57-latihan-titik") { fixes() }
        fixes()
        touch(R.string.pin_take)
        untilSeen(R.string.summary_title)
        assertTrue(hand.sees(words(R.string.training_banner)))
        look("58-latihan-ringkasan")
        touch(R.string.seal)
        untilSeen(R.string.sealed_words)
        assertTrue(hand.sees(words(R.string.training_banner)))
        look("59-latihan-tersegel")
        touch(R.string.sealed_next)
        untilSeen(R.string.today_title)
    }

    /** What is not on the list: the notice first, then photos, pin, who and where, and the seal. */
    private fun wholeFinding() {
        touch(R.string.finding_new)
        untilSeen(R.string.finding_how)
        touch(R.string.finding_begin)
        untilSeen(R.string.notice_title)
        look("60-temuan-pemberitahuan")
        touch(R.string.notice_read)
        hand.until("the camera is open") { app.camera.isOpen }
        look("61-temuan-kamera")
        repeat(2) {
            hand.until("the camera is open") { app.camera.isOpen }
            app.camera.scene = House(++photos).jpeg()
            shoot()
            touch(R.string.photo_use)
        }
        hand.until("the camera is open") { app.camera.isOpen }
        touch(R.string.go_on)
        untilSeen(R.string.pin_how)
        // Left here, and the app swiped away: what was begun is on no list of cases, and found again all the same.
        hand.close()
        app.die()
        hand.open()
        untilSeen(R.string.app_pin_enter)
        pin("739164")
        hand.untilSeen("Temuan belum selesai")
        look("61b-temuan-belum-selesai")
        hand.touch("Temuan belum selesai")
        untilSeen(R.string.pin_how)
        fixes()
        touch(R.string.pin_take)
        untilSeen(R.string.questions_title)
        look("62-temuan-pertanyaan")
        questions(pictured = false)
        untilSeen(R.string.summary_title)
        look("63-temuan-ringkasan")
        sealed()
    }

    private fun waiting() {
        hand.touch(words(R.string.outbox_title))
        untilSeen(R.string.send_now)
        touch(R.string.send_now)
        hand.until("nobody is there") { app.sender.state == Sender.State.WAITING }
        look("65-kotak-kirim-menunggu")
        touchRow(words(R.string.training_short))
        untilSeen(R.string.outbox_visit_title)
        assertTrue(hand.sees(words(R.string.training_banner)))
        assertTrue("a photo says what it shows: ${hand.texts()}", hand.sees(words(R.string.photo_kind_house_front)))
        look("66-bukti-kirim-latihan")
        hand.back()
    }

    /** Titip kirim goes out to a card, and is the file that a colleague takes. */
    private fun carryOut(): ByteArray {
        hand.touch(words(R.string.carry_title))
        untilSeen(R.string.carry_how)
        look("67-titip-kirim-ada")
        val card = File(app.cacheDir, "kartu.tilik")
        touch(R.string.carry_write)
        choose(Uri.fromFile(card))
        hand.untilSeen(words(R.string.carry_written, 3))
        eye.glance("68-titip-kirim-tertulis")
        val bytes = card.readBytes()
        assertFalse("nothing of a family can be read in it", String(bytes, Charsets.ISO_8859_1).contains("Penerima lokasi rusak"))
        hand.back()
        hand.back()
        untilSeen(R.string.today_title)
        return bytes
    }

    /** The system's file picker answers. */
    private fun choose(uri: Uri) {
        val asked = shadowOf(hand.activity).nextStartedActivityForResult
        assertNotNull("the picker is asked", asked)
        shadowOf(hand.activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
        hand.settle()
    }

    private fun signOutView() {
        hand.touch(words(R.string.settings_title))
        touch(R.string.sign_out_title)
        hand.untilSeen(words(R.string.sign_out_unsent, 3, 5))
        look("69-keluar-belum-terkirim")
        touch(R.string.sign_out_stay)
        hand.back()
        untilSeen(R.string.today_title)
    }

    /** A sealed file was damaged on this phone's disk: that is told, and nothing else waits for it. */
    private fun attention() {
        val broken = app.desk.wait { it.outbox() }.first().photos.first()
        File(app.folder(), "spool/${broken.photo}.age").writeText("rusak")
        wire.isDown = false
        hand.touch(words(R.string.outbox_title))
        untilSeen(R.string.send_now)
        hand.until("it needs attention", 90) {
            app.desk.wait { it.sendNow() }
            app.sender.wake()
            val all = app.desk.wait { it.outbox() }
            all.count { it.state is OutboxState.NeedsAttention } == 1 && all.count { it.state is OutboxState.Sent } == 5
        }
        look("70-kotak-kirim-perlu-dilihat")
        touchRow(words(R.string.outbox_state_needs_attention))
        untilSeen(R.string.outbox_visit_title)
        look("71-bukti-kirim-perlu-dilihat")
        hand.back()
        hand.back()
        untilSeen(R.string.today_title)
        hand.until("the list tells of it") { hand.sees(words(R.string.notice_needs_attention, 1)) }
    }

    /** Another officer's phone takes the file along. */
    private fun colleague(bundle: ByteArray) {
        app.phoneName = "layar-rekan"
        hand.close()
        app.die()
        enter("joko")
        hand.touch(words(R.string.outbox_title))
        untilSeen(R.string.send_now)
        hand.touch(words(R.string.carry_title))
        untilSeen(R.string.carry_how)
        val uri = Uri.parse("content://kartu/titip-kirim-rusak.tilik")
        shadowOf(app.contentResolver).registerInputStream(uri, ByteArrayInputStream(bundle.copyOf(bundle.size / 2)))
        touch(R.string.carry_take)
        choose(uri)
        hand.untilSeen(words(R.string.problem_bundle_damaged))
        eye.glance("72-titipan-rusak")
        val whole = Uri.parse("content://kartu/titip-kirim.tilik")
        shadowOf(app.contentResolver).registerInputStream(whole, ByteArrayInputStream(bundle))
        touch(R.string.carry_take)
        choose(whole)
        hand.untilSeen(words(R.string.carry_taken, 3))
        eye.glance("73-titipan-diambil")
        hand.back()
        look("74-kotak-kirim-titipan")
        touchRow(words(R.string.outbox_title_carried))
        untilSeen(R.string.outbox_visit_title)
        look("75-bukti-kirim-titipan")
    }

    /** Scrolls a list until a row says this, and touches it. */
    private fun touchRow(said: String) {
        hand.until("a list") { hand.views().any { it is ListView } }
        val list = hand.views().filterIsInstance<ListView>().first()
        for (n in 0 until list.count) {
            if (hand.sees(said)) break
            list.setSelection(n)
            hand.settle()
        }
        hand.touch(said)
    }

    private fun share() {
        touch(R.string.report_share_text)
        val chooser = shadowOf(hand.activity).nextStartedActivity
        @Suppress("DEPRECATION")
        val text = chooser.getParcelableExtra<Intent>(Intent.EXTRA_INTENT)?.getStringExtra(Intent.EXTRA_TEXT) ?: chooser.getStringExtra(Intent.EXTRA_TEXT)
        assertNotNull("the report is shared", text)
        assertFalse("no number of sixteen digits leaves the phone", Regex("[0-9]{16}").containsMatchIn(text!!))
        assertFalse("no family's name leaves the phone", text.contains(full))
    }

    companion object {
        @JvmStatic
        @BeforeClass
        fun noOldPictures() {
            File(System.getProperty("tilik.screens")).deleteRecursively()
        }
    }
}
