package id.tilik.app

import android.os.Looper
import id.tilik.app.phone.DatabaseKey
import id.tilik.app.phone.Keystore
import id.tilik.app.phone.Sender
import id.tilik.app.support.City
import id.tilik.app.support.House
import id.tilik.app.support.MemoryKeys
import id.tilik.app.support.TestApp
import id.tilik.app.support.Wire
import java.io.File
import java.net.URL
import org.json.JSONObject
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import uniffi.tilik_mobile_core.BeginVisit
import uniffi.tilik_mobile_core.CaseAction
import uniffi.tilik_mobile_core.FieldApp
import uniffi.tilik_mobile_core.Fix
import uniffi.tilik_mobile_core.NewPhoto
import uniffi.tilik_mobile_core.OutboxState
import uniffi.tilik_mobile_core.TodayMark
import uniffi.tilik_mobile_core.TodayOrder
import uniffi.tilik_mobile_core.TodayQuery
import uniffi.tilik_mobile_core.TodayRow
import uniffi.tilik_protocol.PhotoKind
import uniffi.tilik_protocol.VisitKind

/** The app's own sender with the real core and a real server, over a wire that is cut. */
@RunWith(RobolectricTestRunner::class)
class SenderTest {
    private val app = (RuntimeEnvironment.getApplication() as TestApp).apply { phoneName = "pengirim" }
    private val wire = Wire(URL(City.address).port)
    private val host = object : Sender.Host {}

    @After
    fun end() {
        app.sender.detach(host)
        wire.close()
    }

    @Test
    fun `from the slip to the retake over a wire that is cut`() {
        assertNull(app.settings.setServer(wire.address))
        app.sender.attach(host)
        core { it.enrol(City.enrolment("budi")) }
        until("enrolled") { core { it.status() }.enrolled }
        core { it.signIn("budi", "salah sekali benar") }
        until("refused") { core { it.status() }.run { !busy && lastProblem != null } }
        assertTrue("a wrong password does not sign in", core { it.status() }.user == null)
        core { it.signIn("budi", City.FIRST_PASSWORD) }
        until("signed in") { core { it.status() }.signedIn }
        core { it.changePassword(City.FIRST_PASSWORD, City.PASSWORD) }
        until("another password") { core { it.status() }.run { !busy && !passwordChangeRequired } }
        core { it.choosePin("482916") }

        val case = City.assign("budi", "quick").single()
        until("the case comes") { rows().any { it.case == case && it.mark == TodayMark.TO_VISIT } }

        // A visit with two photos, the camera's JPEG of 12 MP each.
        val visit = core { it.act(case, CaseAction.Visit(VisitKind.QUICK)) }
        val front = photo(visit, PhotoKind.HOUSE_FRONT, 1)
        val recipient = photo(visit, PhotoKind.RECIPIENT, 2)
        pin(visit)
        // The wire is cut three times before the photos are through.
        wire.cutAfter = 40_000
        wire.cutsLeft = 3
        val before = wire.sent.get()
        val sealed = core { it.seal(visit) }
        assertEquals(2u, sealed.photos)
        until("the visit is whole on the server", 120) { sent(visit) }
        assertEquals(3, wire.cuts.get())
        val bytes = wire.sent.get() - before
        assertTrue("$bytes sent for ${sealed.bytes}: at most 64 KiB anew a cut", bytes < sealed.bytes.toLong() + 3 * 65_536 + 60_000)
        wire.cutAfter = Long.MAX_VALUE
        assertEquals(listOf("house_front", "recipient"), photosOf(City.case(case)).map { it.getString("kind") })

        // The supervisor sees that the roof is cut; the other photo stands.
        City.giveBack(case, front to "ATAP_TERPOTONG", note = "Mundur dua langkah, Mas.")
        until("it came back") { rows().any { it.case == case && it.mark == TodayMark.RETURNED } }
        val back = core { it.caseView(case, null) }?.returned
        assertNotNull(back)
        assertEquals(1u, back!!.keptPhotos)
        assertEquals(listOf("ATAP_TERPOTONG" to "Mundur dua langkah, Mas."), back.reasons.map { it.code to it.note })
        assertEquals(PhotoKind.HOUSE_FRONT, back.reasons.single().photoKind)

        val retake = core { it.act(case, CaseAction.Retake) }
        val kept = core { it.draft(retake) }.photos
        assertEquals(listOf(recipient to true), kept.map { it.id to it.kept })
        photo(retake, PhotoKind.HOUSE_FRONT, 3)
        if (core { it.draft(retake) }.pin == null) pin(retake)
        val again = wire.sent.get()
        core { it.seal(retake) }
        until("the retake is whole on the server", 60) { sent(retake) }
        val resent = wire.sent.get() - again
        assertTrue("$resent sent: the photo that stands is not sent again", resent < sealed.bytes.toLong() * 3 / 4)
        val now = City.case(case)
        assertEquals("submitted", now.getString("state"))
        assertEquals(setOf("house_front", "recipient"), photosOf(now).map { it.getString("kind") }.toSet())
    }

    @Test
    fun `a network's own page, nobody there, and then the server`() {
        app.phoneName = "pengirim-lain"
        assertNull(app.settings.setServer(wire.address))
        wire.page = "<html><body>Selamat datang di WiFi gratis. Masuk dahulu.</body></html>"
        app.sender.attach(host)
        core { it.enrol(City.enrolment("wati")) }
        until("the page is told") { app.sender.state == Sender.State.PORTAL }
        assertTrue("a page of the network's enrols nobody", !core { it.status() }.enrolled)
        wire.page = null
        wire.isDown = true
        core { it.sendNow() }
        app.sender.wake()
        until("nobody there") { app.sender.state == Sender.State.WAITING }
        wire.isDown = false
        core { it.sendNow() }
        app.sender.wake()
        until("enrolled in the end") { core { it.status() }.enrolled }
    }

    @Test
    fun `what was sealed before the keystore lost its keys is delivered after another enrolment`() {
        app.phoneName = "pengirim-tanpa-kunci"
        val system = MemoryKeys()
        fun boot(number: String) {
            val folder = File(System.getProperty("tilik.phone"), "kunci").apply { mkdirs() }
            val store = Keystore(system, folder, number, File::writeBytes)
            app.phone.keystore = store to DatabaseKey(store, folder, number, File::writeBytes)
        }
        fun dies() {
            app.sender.detach(host)
            app.die()
        }
        boot("1")
        assertNull(app.settings.setServer(wire.address))
        app.sender.attach(host)
        core { it.enrol(City.enrolment("tono")) }
        until("enrolled") { core { it.status() }.enrolled }
        val first = core { it.status() }.device
        core { it.signIn("tono", City.FIRST_PASSWORD) }
        until("signed in") { core { it.status() }.signedIn }
        core { it.changePassword(City.FIRST_PASSWORD, City.PASSWORD) }
        until("another password") { core { it.status() }.run { !busy && !passwordChangeRequired } }
        core { it.choosePin("482916") }
        until("the village comes") { core { it.villages() }.any { it.region == City.VILLAGE } }

        // Without a network from here on: what is sealed lies on this phone alone.
        wire.isDown = true
        val visit = core { it.beginVisit(BeginVisit(null, VisitKind.FINDING, City.VILLAGE, false)) }
        core { it.noticeRead(visit) }
        photo(visit, PhotoKind.HOUSE_FRONT, 4)
        pin(visit)
        for ((question, answer) in listOf("what" to "family", "name" to "WAGIRAH", "address" to "Gang buntu")) {
            core { it.answer(visit, question, answer) }
        }
        core { it.seal(visit) }

        // Both keys are gone. In this boot that is a bad moment, which costs nothing; in the next one it is so.
        system.secrets.clear()
        system.pairs.clear()
        boot("1")
        dies()
        assertTrue("a bad moment costs no enrolment", core { it.status() }.enrolled)
        boot("2")
        dies()
        core { it.status() }.run {
            assertTrue("the phone begins anew and says so", !enrolled && keyLost)
            assertEquals(1u, visitsWaiting)
        }
        wire.isDown = false
        app.sender.attach(host)
        core { it.enrol(City.enrolment("tono")) }
        until("enrolled anew") { core { it.status() }.enrolled }
        assertNotEquals(first, core { it.status() }.device)
        core { it.signIn("tono", City.PASSWORD) }
        until("the visit is whole on the server", 120) { sent(visit) }
        assertTrue("nothing is left to say", !core { it.status() }.keyLost)
    }

    private fun photosOf(case: JSONObject): List<JSONObject> {
        val photos = case.getJSONArray("visits").getJSONObject(0).getJSONArray("photos")
        return (0 until photos.length()).map { photos.getJSONObject(it) }
    }

    private fun photo(visit: String, kind: PhotoKind, number: Int): String =
        core { it.addPhoto(visit, NewPhoto(kind, House(number).jpeg(4000, 3000), app.phone.wallMicros())) }.id

    private fun pin(visit: String) {
        core { it.beginPin(visit) }
        repeat(5) { n ->
            val fix = Fix(
                latE7 = City.LAT + n, lonE7 = City.LON + n, accuracyCm = 450, altitudeCm = null, speedCmS = null, bearingCdeg = null,
                provider = "gps", mock = false, elapsedNs = app.phone.elapsedNs(), takenAtMicros = app.phone.wallMicros(),
            )
            core { it.onFix(visit, fix) }
        }
        core { it.takePin(visit, null) }
    }

    private fun rows(): List<TodayRow> = core { it.today(TodayQuery("", TodayOrder.DISTANCE, null, 0u, 200u)) }.rows

    private fun sent(visit: String): Boolean {
        val row = core { it.outbox() }.first { it.visit == visit }
        check(row.state !is OutboxState.NeedsAttention) { "${row.state}" }
        return row.state is OutboxState.Sent && row.photosReceived == row.photosTotal
    }

    private fun <T> core(work: (FieldApp) -> T): T = app.desk.wait(work)

    private fun until(what: String, seconds: Int = 40, holds: () -> Boolean) {
        val end = System.nanoTime() + seconds * 1_000_000_000L
        while (!holds()) {
            check(System.nanoTime() < end) { "waited in vain until: $what; ${core { it.status() }}; ${app.sender.state}" }
            shadowOf(Looper.getMainLooper()).idle()
            core { it.sendNow() }
            app.sender.wake()
            Thread.sleep(200)
        }
    }
}
