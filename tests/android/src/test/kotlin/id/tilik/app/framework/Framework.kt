package id.tilik.app.framework

import java.io.File
import java.util.zip.ZipFile
import org.objectweb.asm.AnnotationVisitor
import org.objectweb.asm.ClassReader
import org.objectweb.asm.ClassVisitor
import org.objectweb.asm.FieldVisitor
import org.objectweb.asm.MethodVisitor
import org.objectweb.asm.Opcodes

/** The classes of one Android, read from its jar as far as they are asked for. */
internal class Framework(jar: File) : AutoCloseable {
    private val zip = ZipFile(jar)
    private val classes = HashMap<String, Shape?>()

    /** What a class offers by itself. Members are `name+descriptor`, fields by name. */
    internal class Shape(val parents: List<String>) {
        val members = HashSet<String>()

        /** Members that are there but not for apps, as far as the framework says so itself. */
        val hidden = HashSet<String>()
        var isHidden = false
    }

    fun find(name: String): Shape? = classes.getOrPut(name) {
        val entry = zip.getEntry("$name.class")
        if (entry == null) null else zip.getInputStream(entry).use { read(it.readBytes()) }
    }

    /** The class in whose line `member` is declared, from `owner` upwards; null when there is none. */
    fun declares(owner: String, member: String): Pair<String, Shape>? {
        val shape = find(owner) ?: return null
        if (member in shape.members) return owner to shape
        return shape.parents.firstNotNullOfOrNull { declares(it, member) }
    }

    /** Whether all classes from `owner` upwards are of this jar, or plain objects: only then can a member be missed. */
    fun isWhole(owner: String): Boolean {
        if (owner == "java/lang/Object") return true
        val shape = find(owner) ?: return false
        return shape.parents.all { isWhole(it) }
    }

    override fun close() = zip.close()

    private fun read(bytes: ByteArray): Shape {
        val reader = ClassReader(bytes)
        val shape = Shape(listOfNotNull(reader.superName) + reader.interfaces)
        reader.accept(object : ClassVisitor(Opcodes.ASM9) {
            override fun visitAnnotation(type: String, isVisible: Boolean): AnnotationVisitor? {
                if (type in NOT_FOR_APPS) shape.isHidden = true
                return null
            }

            override fun visitField(access: Int, name: String, type: String, generic: String?, value: Any?): FieldVisitor? {
                if (access and Opcodes.ACC_PRIVATE != 0) return null
                shape.members.add(name)
                return object : FieldVisitor(Opcodes.ASM9) {
                    override fun visitAnnotation(type: String, isVisible: Boolean): AnnotationVisitor? {
                        if (type in NOT_FOR_APPS) shape.hidden.add(name)
                        return null
                    }
                }
            }

            override fun visitMethod(access: Int, name: String, type: String, generic: String?, thrown: Array<String>?): MethodVisitor? {
                if (access and Opcodes.ACC_PRIVATE != 0) return null
                shape.members.add(name + type)
                val member = name + type
                return object : MethodVisitor(Opcodes.ASM9) {
                    override fun visitAnnotation(type: String, isVisible: Boolean): AnnotationVisitor? {
                        if (type in NOT_FOR_APPS) shape.hidden.add(member)
                        return null
                    }
                }
            }
        }, ClassReader.SKIP_CODE or ClassReader.SKIP_DEBUG or ClassReader.SKIP_FRAMES)
        return shape
    }

    private companion object {
        val NOT_FOR_APPS = setOf(
            "Landroid/compat/annotation/UnsupportedAppUsage;",
            "Landroid/annotation/UnsupportedAppUsage;",
            "Landroid/annotation/SystemApi;",
            "Landroid/annotation/TestApi;",
        )
    }
}
