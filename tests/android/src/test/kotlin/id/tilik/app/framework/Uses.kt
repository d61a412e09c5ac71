package id.tilik.app.framework

import org.objectweb.asm.Opcodes
import org.objectweb.asm.Type
import org.objectweb.asm.tree.AbstractInsnNode
import org.objectweb.asm.tree.ClassNode
import org.objectweb.asm.tree.FieldInsnNode
import org.objectweb.asm.tree.IntInsnNode
import org.objectweb.asm.tree.JumpInsnNode
import org.objectweb.asm.tree.LdcInsnNode
import org.objectweb.asm.tree.LookupSwitchInsnNode
import org.objectweb.asm.tree.MethodInsnNode
import org.objectweb.asm.tree.MethodNode
import org.objectweb.asm.tree.MultiANewArrayInsnNode
import org.objectweb.asm.tree.TableSwitchInsnNode
import org.objectweb.asm.tree.TypeInsnNode

/** A class, or a member of one (`name` of a field, `name+descriptor` of a method). */
internal data class Symbol(val owner: String, val member: String?) {
    override fun toString() = if (member == null) owner else "$owner.$member"
}

/** Somewhere in the app a symbol is used, where the phone's Android is known to be at least `level`. */
internal data class Use(val symbol: Symbol, val by: String, val level: Int)

/**
 * Every use of anything outside the app's own classes, with the lowest Android that can get there.
 *
 * The level rises behind a comparison of `Build.VERSION.SDK_INT` with a number, and is carried into what can only be
 * reached from such places: methods of the app that override nothing, and classes that only the app makes. All else is
 * reached on the oldest Android.
 */
internal class Uses(private val classes: Map<String, ClassNode>, private val made: Set<String>, private val oldest: Int) {
    private val classLevels = HashMap<String, Int>()
    private val methodLevels = HashMap<String, Int>()

    fun all(): List<Use> {
        // Down from "never reached" until nothing moves: what is reached from nowhere in the app is reached from outside.
        val sites = classes.values.flatMap { node -> node.methods.flatMap { referred(it) }.filterNot { it == "new ${node.name}" } }.toSet()
        for (node in classes.values) {
            classLevels[node.name] = if (node.name in made || "new ${node.name}" !in sites) oldest else UNREACHED
            for (method in node.methods) {
                val key = key(node.name, method)
                methodLevels[key] = if (key in sites && !overrides(node, method)) UNREACHED else FROM_CLASS
            }
        }
        while (pass()) Unit
        return classes.values.flatMap { node ->
            val level = classLevels.getValue(node.name)
            val parents = (listOfNotNull(node.superName) + node.interfaces).map { Use(Symbol(it, null), node.name, level) }
            parents + node.methods.flatMap { uses(node, it) }
        }
    }

    private fun key(owner: String, method: MethodNode) = "$owner.${method.name}${method.desc}"

    private fun start(node: ClassNode, method: MethodNode): Int {
        val own = methodLevels.getValue(key(node.name, method))
        if (own == FROM_CLASS) return if (method.access and Opcodes.ACC_STATIC != 0) oldest else classLevels.getValue(node.name)
        return own
    }

    private fun pass(): Boolean {
        val newClasses = HashMap<String, Int>()
        val newMethods = HashMap<String, Int>()
        for (node in classes.values) for (method in node.methods) {
            val levels = levels(method, start(node, method))
            method.instructions.forEachIndexed { index, instruction ->
                val level = levels[index] ?: return@forEachIndexed
                // A class's own initialiser says nothing about who uses it.
                for (site in referred(instruction)) {
                    if (site.startsWith("new ")) {
                        val made = site.removePrefix("new ")
                        if (made != node.name) newClasses.merge(made, level, ::minOf)
                    } else {
                        newMethods.merge(site, level, ::minOf)
                    }
                }
            }
        }
        var isMoved = false
        fun lower(levels: HashMap<String, Int>, found: Map<String, Int>) {
            for ((name, level) in found) {
                val before = levels[name] ?: continue
                if (before != FROM_CLASS && level < before) {
                    levels[name] = level
                    isMoved = true
                }
            }
        }
        lower(classLevels, newClasses)
        lower(methodLevels, newMethods)
        return isMoved
    }

    private fun referred(method: MethodNode) = method.instructions.flatMap { referred(it) }

    /** The app's own classes that an instruction makes, and methods that it calls. */
    private fun referred(instruction: AbstractInsnNode): List<String> = when (instruction) {
        is TypeInsnNode -> if (instruction.opcode == Opcodes.NEW) listOf("new ${instruction.desc}") else emptyList()
        // An `object` of Kotlin's is made by whoever first names it.
        is FieldInsnNode ->
            if (instruction.opcode == Opcodes.GETSTATIC && instruction.name == "INSTANCE") listOf("new ${instruction.owner}") else emptyList()
        is MethodInsnNode -> listOfNotNull(declaring(instruction)?.let { "$it.${instruction.name}${instruction.desc}" })
        else -> emptyList()
    }

    private fun declaring(call: MethodInsnNode): String? {
        var at = classes[call.owner]
        while (at != null) {
            if (at.methods.any { it.name == call.name && it.desc == call.desc }) return at.name
            at = classes[at.superName]
        }
        return null
    }

    /** Whether somebody else may call it: through a parent, or in place of a parent's. */
    private fun overrides(node: ClassNode, method: MethodNode): Boolean {
        if (method.name == "<clinit>") return true
        if (method.name == "<init>" || method.access and (Opcodes.ACC_STATIC or Opcodes.ACC_PRIVATE) != 0) return node.name in made
        if (method.access and Opcodes.ACC_ABSTRACT != 0) return true
        val parents = parents(node)
        // A parent of somebody else's is taken to have every method that a subclass gives without `final`.
        return parents.any { parent ->
            val its = classes[parent] ?: return@any parent != "java/lang/Object" && method.access and Opcodes.ACC_FINAL == 0
            its.methods.any { it.name == method.name && it.desc == method.desc }
        } || classes.values.any { child -> node.name in parents(child) && child.methods.any { it.name == method.name && it.desc == method.desc } }
    }

    private fun parents(node: ClassNode): Set<String> {
        val found = LinkedHashSet<String>()
        fun add(name: String?) {
            if (name != null && found.add(name)) classes[name]?.let { its -> (listOfNotNull(its.superName) + its.interfaces).forEach(::add) }
        }
        (listOfNotNull(node.superName) + node.interfaces).forEach(::add)
        return found
    }

    private fun uses(node: ClassNode, method: MethodNode): List<Use> {
        val levels = levels(method, start(node, method))
        val by = "${node.name}.${method.name}"
        val found = ArrayList<Use>()
        fun type(name: String, level: Int) {
            val plain = name.trimStart('[').let { if (name.startsWith("[")) it.removePrefix("L").removeSuffix(";") else it }
            if (plain.length > 1) found.add(Use(Symbol(plain, null), by, level))
        }
        method.instructions.forEachIndexed { index, instruction ->
            val level = levels[index] ?: return@forEachIndexed
            when (instruction) {
                is TypeInsnNode -> type(instruction.desc, level)
                is MultiANewArrayInsnNode -> type(instruction.desc, level)
                is FieldInsnNode -> found.add(Use(Symbol(instruction.owner, instruction.name), by, level))
                is MethodInsnNode ->
                    if (!instruction.owner.startsWith("[")) found.add(Use(Symbol(instruction.owner, instruction.name + instruction.desc), by, level))
                is LdcInsnNode -> (instruction.cst as? Type)?.let { if (it.sort >= Type.ARRAY) type(it.internalName, level) }
            }
        }
        for (guarded in method.tryCatchBlocks) {
            val at = levels[method.instructions.indexOf(guarded.handler)]
            if (guarded.type != null && at != null) type(guarded.type, at)
        }
        return found
    }

    /** For each instruction the lowest Android that gets there; null where nothing does. */
    private fun levels(method: MethodNode, start: Int): Array<Int?> {
        val instructions = method.instructions
        val levels = arrayOfNulls<Int>(instructions.size())
        val queue = ArrayDeque<Int>()
        fun reach(at: AbstractInsnNode?, level: Int) {
            val index = instructions.indexOf(at ?: return)
            val before = levels[index]
            if (before == null || level < before) {
                levels[index] = level
                queue.add(index)
            }
        }
        reach(instructions.first, start)
        while (queue.isNotEmpty()) {
            val index = queue.removeFirst()
            val level = levels[index] ?: continue
            val instruction = instructions[index]
            for (guarded in method.tryCatchBlocks) {
                if (index >= instructions.indexOf(guarded.start) && index < instructions.indexOf(guarded.end)) reach(guarded.handler, level)
            }
            when (instruction) {
                is JumpInsnNode -> {
                    val (jump, fall) = compared(instruction)
                    reach(instruction.label, maxOf(level, jump))
                    if (instruction.opcode != Opcodes.GOTO) reach(instruction.next, maxOf(level, fall))
                }
                is TableSwitchInsnNode -> (instruction.labels + instruction.dflt).forEach { reach(it, level) }
                is LookupSwitchInsnNode -> (instruction.labels + instruction.dflt).forEach { reach(it, level) }
                else -> if (instruction.opcode !in ENDS) reach(instruction.next, level)
            }
        }
        return levels
    }

    /** What a jump says about the level where it goes and where it does not: `SDK_INT` against a number, else nothing. */
    private fun compared(jump: JumpInsnNode): Pair<Int, Int> {
        val number = before(jump)
        val read = before(number)
        if (read !is FieldInsnNode || read.owner != "android/os/Build\$VERSION" || read.name != "SDK_INT") return 0 to 0
        val value = when {
            number is IntInsnNode -> number.operand
            number is LdcInsnNode && number.cst is Int -> number.cst as Int
            else -> return 0 to 0
        }
        return when (jump.opcode) {
            Opcodes.IF_ICMPLT -> 0 to value
            Opcodes.IF_ICMPLE -> 0 to value + 1
            Opcodes.IF_ICMPGE -> value to 0
            Opcodes.IF_ICMPGT -> value + 1 to 0
            Opcodes.IF_ICMPEQ -> value to 0
            Opcodes.IF_ICMPNE -> 0 to value
            else -> 0 to 0
        }
    }

    private fun before(at: AbstractInsnNode?): AbstractInsnNode? {
        var found = at?.previous
        while (found != null && found.opcode < 0) found = found.previous
        return found
    }

    private companion object {
        const val UNREACHED = Int.MAX_VALUE
        const val FROM_CLASS = -1
        val ENDS = (Opcodes.IRETURN..Opcodes.RETURN) + Opcodes.ATHROW
    }
}
