package id.tilik.app.framework

import java.io.File
import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.objectweb.asm.ClassReader
import org.objectweb.asm.tree.ClassNode
import org.objectweb.asm.tree.InvokeDynamicInsnNode

/**
 * The compiled app against the oldest Android it runs on. It compiles against the newest; what the oldest lacks must lie
 * behind a question for the phone's version, as `newer-symbols.txt` says since when it is there.
 */
class FrameworkTest {
    @Test
    fun `what the oldest Android lacks is used only where a newer one was asked for`() {
        val used = uses.filter { isOfAndroid(it.symbol.owner) && !isThere(oldest, it.symbol) }
        val unguarded = used.filter { use -> newer[use.symbol]?.let { it > use.level } ?: true }
        assertEquals("", unguarded.distinct().joinToString("\n") { "${it.symbol} by ${it.by}, reached from ${it.level}" })
        val unused = newer.keys - used.map { it.symbol }.toSet()
        assertEquals("symbols on the list that the app does not use", emptySet<Symbol>(), unused)
    }

    @Test
    fun `everything used is in the target's Android`() {
        val missing = uses.filter { isOfAndroid(it.symbol.owner) && !isThere(target, it.symbol) }
        assertEquals("", missing.distinct().joinToString("\n") { "${it.symbol} by ${it.by}" })
    }

    @Test
    fun `nothing is used that the framework keeps for itself`() {
        val hidden = uses.filter { use ->
            val (owner, member) = use.symbol
            if (!isOfAndroid(owner)) return@filter false
            if (owner.startsWith("com/android/") || owner.startsWith("android/car/")) return@filter true
            if (target.find(owner)?.isHidden == true) return@filter true
            member != null && target.declares(owner, member)?.let { (_, shape) -> member in shape.hidden } == true
        }
        assertEquals("", hidden.distinct().joinToString("\n") { "${it.symbol} by ${it.by}" })
    }

    @Test
    fun `of Java only what phones have`() {
        val foreign = uses.map { it.symbol.owner }.filterNot { owner ->
            isOfAndroid(owner) || owner in classes || OURS.any(owner::startsWith) ||
                JAVA.any(owner::startsWith) && NOT_ON_PHONES.none(owner::startsWith)
        }
        assertEquals(emptySet<String>(), foreign.toSet())
    }

    @Test
    fun `nothing is left for a phone to link that it cannot`() {
        val dynamic = classes.values.flatMap { node ->
            node.methods.filter { method -> method.instructions.any { it is InvokeDynamicInsnNode } }.map { "${node.name}.${it.name}" }
        }
        assertEquals(emptyList<String>(), dynamic)
    }

    @Test
    fun `the list names what is newer`() {
        assertTrue(newer.isNotEmpty())
        for ((symbol, level) in newer) {
            assertTrue("$symbol is in the oldest", !isThere(oldest, symbol))
            assertTrue("$symbol is not in the target", isThere(target, symbol))
            assertTrue("$symbol since $level", level in 27..34)
        }
    }

    @Test
    fun `the scan knows a guard from none`() {
        val samples = listOf("Samples", "Samples\$Later", "Samples\$Early").associate { name ->
            val bytes = javaClass.getResourceAsStream("$name.class")!!.use { it.readBytes() }
            "${javaClass.packageName.replace('.', '/')}/$name" to ClassNode().also { ClassReader(bytes).accept(it, ClassReader.SKIP_FRAMES) }
        }
        val levels = Uses(samples, emptySet(), oldest = 26).all()
            .filter { it.symbol.member == "getDisplay()Landroid/view/Display;" }
            .associate { it.by.substringAfterLast('/') to it.level }
        val told = mapOf(
            "Samples.unguarded" to 26, "Samples.guarded" to 30, "Samples.left" to 30, "Samples.wrongWay" to 26, "Samples.after" to 26,
            "Samples.inner" to 31, "Samples.shared" to 26, "Samples\$Later.show" to 30, "Samples\$Early.show" to 26,
        )
        assertEquals(told, levels)
    }

    private companion object {
        val tools = File(System.getProperty("tilik.tools"))
        val target = Framework(File(tools, "android-target.jar"))
        val oldest = Framework(File(tools, "android-oldest.jar"))

        val OURS = listOf("kotlin/", "kotlinx/coroutines/", "com/sun/jna/")
        val JAVA = listOf(
            "java/io/", "java/lang/", "java/math/", "java/net/", "java/nio/", "java/security/", "java/text/", "java/time/", "java/util/",
            "javax/crypto/", "javax/net/", "javax/security/",
        )
        val NOT_ON_PHONES = listOf("java/lang/instrument/", "java/lang/management/", "java/net/http/")

        val classes: Map<String, ClassNode> = File(System.getProperty("tilik.classes")).walk()
            .filter { it.extension == "class" }
            .map { file -> ClassNode().also { ClassReader(file.readBytes()).accept(it, ClassReader.SKIP_FRAMES) } }
            .associateBy { it.name }

        /** Components are made by the system, as the manifest names them. */
        val made: Set<String> = Regex("android:name=\"\\.?(phone|screens)\\.([A-Za-z]+)\"")
            .findAll(File(System.getProperty("tilik.manifest")).readText())
            .map { "id/tilik/app/${it.groupValues[1]}/${it.groupValues[2]}" }
            .toSet()

        val uses: List<Use> = Uses(classes, made, oldest = 26).all()

        /** Lines of `level owner[.member]`; what is behind a # is a comment. */
        val newer: Map<Symbol, Int> = File(System.getProperty("tilik.newer")).readLines()
            .map { it.substringBefore('#').trim() }.filter { it.isNotEmpty() }
            .associate { line ->
                val (level, name) = line.split(' ')
                Symbol(name.substringBefore('.'), name.substringAfter('.', "").ifEmpty { null }) to level.toInt()
            }

        fun isOfAndroid(owner: String) = listOf("android/", "com/android/", "dalvik/", "org/json/", "org/xmlpull/").any(owner::startsWith)

        fun isThere(framework: Framework, symbol: Symbol): Boolean {
            val member = symbol.member ?: return framework.find(symbol.owner) != null
            if (framework.find(symbol.owner) == null) return false
            if (framework.declares(symbol.owner, member) != null) return true
            // Inherited from Java's own classes: those are looked at by their package.
            return !framework.isWhole(symbol.owner) || member in OF_EVERY_OBJECT
        }

        val OF_EVERY_OBJECT = Any::class.java.methods.map { it.name }.let { names ->
            setOf(
                "getClass()Ljava/lang/Class;", "hashCode()I", "equals(Ljava/lang/Object;)Z", "toString()Ljava/lang/String;",
                "wait()V", "notify()V", "notifyAll()V",
            ).also { known -> check(known.all { it.substringBefore('(') in names }) }
        }

        @AfterClass
        @JvmStatic
        fun close() {
            target.close()
            oldest.close()
        }
    }
}
