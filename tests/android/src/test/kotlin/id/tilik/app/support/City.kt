package id.tilik.app.support

import java.io.File
import java.net.HttpURLConnection
import java.net.URL
import java.util.UUID
import java.util.concurrent.TimeUnit
import org.json.JSONArray
import org.json.JSONObject

/** A city with a running server, its staff and a few families of one village. One for all tests; ends with the JVM. */
internal object City {
    /** Bawang, in Kota Kediri. */
    const val VILLAGE = "35.71.03.1009"
    const val FIRST_PASSWORD = "kata sandi untuk uji coba"
    const val PASSWORD = "kata sandi pilihan sendiri"

    /** Somewhere inside the village. */
    const val LAT = -78_607_140L
    const val LON = 1_120_613_310L

    /** Where the server listens, such as `http://127.0.0.1:40123`. */
    val address: String

    /** Ids of officers by their user names. */
    val officers: Map<String, String>

    private val folder = File(System.getProperty("tilik.phone"), "server").apply { deleteRecursively(); mkdirs() }
    private val program = File(System.getProperty("tilik.built"), "tilik").path
    private val supervisor: Clerk

    /** Whoever gave an officer the phone does not review that officer's visits. */
    private val reviewer: Clerk
    private val families = ArrayDeque<String>()
    private val of = HashMap<String, String>()
    private val names = listOf(
        "SUMARNI", "PAIJO", "SITI AMINAH", "WAGIMAN", "TUKIYEM", "HERI SUSANTO", "SRI WAHYUNI", "MARYONO", "NGATINI", "SLAMET RIYADI",
        "PONIRAH", "SUGENG PRIYANTO",
    )

    init {
        user("koordinator", "Bu Koordinator", "supervisor", "35.71")
        user("peninjau", "Pak Peninjau", "supervisor", "35.71")
        officers = listOf(
            "siti" to "Siti Rahayu", "budi" to "Budi Santoso", "wati" to "Wati Lestari", "rini" to "Rini Astuti", "joko" to "Joko Prasetyo",
            "tono" to "Tono Wibowo",
        ).associate { (name, full) -> name to user(name, full, "officer", VILLAGE) }
        val data = File(System.getProperty("tilik.city"))
        run("import", "--demo", "regions", File(data, "kediri_wilayah.csv").path)
        run("import", "--demo", "boundaries", File(data, "kediri_boundaries.geojson").path)
        val list = File(folder, "keluarga.csv").apply { writeText(families()) }
        run("import", "--demo", "families", list.path)
        address = serve()
        supervisor = Clerk(address, "koordinator")
        reviewer = Clerk(address, "peninjau")
        val found = supervisor.post("/v1/families/search", JSONObject().put("region", VILLAGE).put("limit", 200)).getJSONArray("items")
        for (n in 0 until found.length()) families.add(found.getJSONObject(n).getString("id"))
        check(families.size == names.size) { "${families.size} families came in" }
    }

    /** A code with which this officer's phone enrols. */
    fun enrolment(officer: String): String =
        supervisor.post("/v1/enrolments", event().put("officer", officers.getValue(officer))).getString("code")

    /** Opens a case for each of so many families and gives them to the officer. */
    fun assign(officer: String, kind: String, count: Int = 1): List<String> {
        return open(officer, kind, (1..count).map { families.removeFirst() })
    }

    private fun open(officer: String, kind: String, chosen: List<String>): List<String> {
        val body = event().put("families", JSONArray(chosen)).put("kind", kind).put("officer", officers.getValue(officer))
        val opened = supervisor.post("/v1/cases", body).getJSONArray("cases")
        return (0 until opened.length()).map { opened.getString(it) }.also { of.putAll(it.zip(chosen)) }
    }

    /** Accepts what was found, closes the case and asks for another visit: now the house has a pin and a photo. */
    fun askAgain(case: String, officer: String, kind: String): String {
        val seen = reviewer.post("/v1/cases/$case/lease", null)
        reviewer.post("/v1/cases/$case/accept", event().put("seen_version", seen.getInt("version")))
        val accepted = supervisor.get("/v1/cases/$case").getInt("version")
        supervisor.post("/v1/cases/$case/close", event().put("seen_version", accepted).put("reason", "SALAH_BUKA"))
        return open(officer, kind, listOf(of.getValue(case))).single()
    }

    /** The case as the reviewer sees it. */
    fun case(id: String): JSONObject = supervisor.get("/v1/cases/$id")

    /** Returns the visit that waits, with a reason for each target: a photo's id, or null for the pin. */
    fun giveBack(case: String, vararg reasons: Pair<String?, String>, note: String? = null) {
        val seen = reviewer.post("/v1/cases/$case/lease", null)
        val told = reasons.map { (photo, code) ->
            val target = if (photo == null) JSONObject().put("kind", "pin") else JSONObject().put("kind", "photo").put("photo", photo)
            JSONObject().put("target", target).put("code", code).also { if (note != null) it.put("note", note) }
        }
        reviewer.post("/v1/cases/$case/return", event().put("seen_version", seen.getInt("version")).put("reasons", JSONArray(told)))
    }

    private fun event() = JSONObject().put("event_id", UUID.randomUUID().toString())

    private fun user(name: String, full: String, role: String, region: String): String {
        val told = run("user", "add", "--demo", name, "--name", full, "--role", role, "--region", region, "--document", "UJI-1", input = FIRST_PASSWORD)
        return told.lines().first { it.startsWith("user ") }.split(' ')[1]
    }

    private fun process(vararg words: String) = ProcessBuilder(program, *words).apply {
        environment().keys.removeAll { it.startsWith("TILIK_") }
        environment()["TILIK_DATA_DIR"] = folder.path
        environment()["TILIK_LISTEN"] = "127.0.0.1:0"
        environment()["TILIK_LOW_SPACE"] = "2,1"
        redirectErrorStream(true)
    }

    private fun run(vararg words: String, input: String = ""): String {
        val process = process(*words).start()
        process.outputStream.use { it.write("$input\n".toByteArray()) }
        val told = process.inputStream.bufferedReader().readText()
        check(process.waitFor() == 0) { "tilik ${words.joinToString(" ")}: $told" }
        return told
    }

    private fun serve(): String {
        val log = File(folder, "server.log")
        val server = process("serve", "--demo").redirectOutput(log).start()
        Runtime.getRuntime().addShutdownHook(
            Thread {
                server.destroy()
                if (!server.waitFor(10, TimeUnit.SECONDS)) server.destroyForcibly()
            },
        )
        repeat(300) {
            Regex("http://127\\.0\\.0\\.1:[0-9]+").find(log.readText())?.let { return it.value }
            check(server.isAlive) { "the server did not start: ${log.readText()}" }
            Thread.sleep(100)
        }
        error("the server did not start: ${log.readText()}")
    }

    private fun families(): String {
        val head = "id_keluarga,no_kk,nik,nama,tanggal_lahir,jenis_kelamin,hub_keluarga,alamat,rt,rw,wilayah,desil,lintang,bujur\n"
        return head + names.withIndex().joinToString("") { (n, name) ->
            val lat = (LAT + n * 9_000) / 1e7
            val lon = (LON + n * 7_000) / 1e7
            "K$n,3571030101${"%06d".format(n + 1)},357103121280${"%04d".format(n + 1)},$name,12-12-1980,L,KEPALA KELUARGA," +
                "JL. MELATI NO. ${n + 3},${n / 4 + 1},2,$VILLAGE,2,$lat,$lon\n"
        }
    }
}

/** Somebody at a desk, over the server's own interface. */
internal class Clerk(private val address: String, private val name: String) {
    private var token: String

    init {
        token = signIn(City.FIRST_PASSWORD)
        val chosen = JSONObject().put("event_id", UUID.randomUUID().toString())
            .put("old_password", City.FIRST_PASSWORD).put("new_password", City.PASSWORD)
        ask("POST", "/v1/me/password", chosen)
        token = signIn(City.PASSWORD)
    }

    private fun signIn(password: String): String {
        token = ""
        return ask("POST", "/v1/session", JSONObject().put("username", name).put("password", password)).getString("access_token")
    }

    fun get(path: String) = ask("GET", path, null)

    fun post(path: String, body: JSONObject?) = ask("POST", path, body)

    private fun ask(method: String, path: String, body: JSONObject?, again: Boolean = true): JSONObject {
        val connection = URL(address + path).openConnection() as HttpURLConnection
        connection.requestMethod = method
        if (token.isNotEmpty()) connection.setRequestProperty("Authorization", "Bearer $token")
        if (method == "POST") {
            connection.doOutput = true
            connection.setRequestProperty("Content-Type", "application/json")
            connection.outputStream.use { it.write(body?.toString().orEmpty().toByteArray()) }
        }
        val status = connection.responseCode
        val text = (if (status < 400) connection.inputStream else connection.errorStream)?.bufferedReader()?.readText().orEmpty()
        // A slow machine is at its tests for longer than a token is good for.
        if (status == 401 && again && token.isNotEmpty()) {
            token = signIn(City.PASSWORD)
            return ask(method, path, body, again = false)
        }
        check(status < 300) { "$method $path: $status $text" }
        return if (text.isEmpty()) JSONObject() else JSONObject(text)
    }
}
