import org.gradle.process.ExecOperations
import javax.inject.Inject

plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

/** Phones of the field, old and new, and the emulator. */
val phones = listOf("arm64-v8a", "armeabi-v7a", "x86_64")

/** Where the Cargo workspace is. */
val cargo: File = rootDir.parentFile.parentFile

android {
    namespace = "id.tilik.app"
    compileSdk = 34
    ndkVersion = "28.0.13004108"

    defaultConfig {
        applicationId = "id.tilik.app"
        minSdk = 26
        targetSdk = 34
        versionCode = 1
        versionName = "0.1.0"
        ndk { abiFilters += phones }
    }

    signingConfigs {
        // A release is signed with the key that TILIK_KEYSTORE names; without it the APK comes out unsigned.
        System.getenv("TILIK_KEYSTORE")?.let { keystore ->
            create("release") {
                storeFile = file(keystore)
                storePassword = System.getenv("TILIK_KEYSTORE_PASSWORD")
                keyAlias = System.getenv("TILIK_KEY_ALIAS")
                keyPassword = System.getenv("TILIK_KEY_PASSWORD")
            }
        }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
            signingConfig = signingConfigs.findByName("release")
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    sourceSets["main"].kotlin.srcDir(layout.buildDirectory.dir("core/kotlin"))
    sourceSets["main"].jniLibs.srcDir(layout.buildDirectory.dir("core/libraries"))

    packaging { resources.excludes += setOf("META-INF/*.kotlin_module", "META-INF/LICENSE*", "META-INF/versions/**") }
    lint {
        warningsAsErrors = true
        // Versions are raised on purpose, not because there are newer ones.
        disable += setOf("GradleDependency", "NewerVersionAvailable", "OldTargetApi", "AndroidGradlePluginVersion")
    }
}

kotlin {
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8)
        allWarningsAsErrors.set(true)
        // The same as the tests compile with: nothing is left to be made at run time.
        freeCompilerArgs.addAll("-Xlambdas=class", "-Xsam-conversions=class", "-Xstring-concat=inline")
    }
}

dependencies {
    // Its .aar holds the half of it that is native, for every phone.
    implementation(variantOf(libs.jna) { artifactType("aar") })
}

/** The phone core for every kind of phone, by cargo-ndk. */
abstract class BuildCore @Inject constructor(private val processes: ExecOperations) : DefaultTask() {
    @get:Input
    abstract val abis: ListProperty<String>

    @get:Internal
    abstract val workspace: DirectoryProperty

    @get:Internal
    abstract val ndk: DirectoryProperty

    @get:OutputDirectory
    abstract val libraries: DirectoryProperty

    @TaskAction
    fun build() {
        // Searching texts and places, and statistics: the core has no use for them.
        val unused = listOf("FTS3", "FTS3_PARENTHESIS", "FTS5", "RTREE", "STAT4", "DBSTAT_VTAB")
        processes.exec {
            workingDir(workspace)
            environment("ANDROID_NDK_HOME", ndk.get().asFile.path)
            // Small without being slow: the app is fetched over the officers' own data plans, and photos are encoded in it. What
            // they go through is optimized for speed all the same (Cargo.toml).
            environment("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
            environment("CARGO_PROFILE_RELEASE_LTO", "true")
            environment("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
            environment("CARGO_PROFILE_RELEASE_STRIP", "symbols")
            environment("CFLAGS", "-Os -DOPENSSL_SMALL_FOOTPRINT")
            environment("LIBSQLITE3_FLAGS", unused.joinToString(" ") { "-USQLITE_ENABLE_$it" })
            commandLine(
                listOf("cargo", "ndk", "--platform", "26") + abis.get().flatMap { listOf("-t", it) } +
                    listOf("-o", libraries.get().asFile.path) +
                    listOf("build", "--locked", "--release", "-p", "tilik-mobile-core", "--features", "sqlcipher-vendored"),
            )
        }
    }
}

/** The core's Kotlin face, read out of a library that was built for this machine. */
abstract class BuildFace @Inject constructor(private val processes: ExecOperations) : DefaultTask() {
    @get:Internal
    abstract val workspace: DirectoryProperty

    @get:InputFile
    abstract val config: RegularFileProperty

    @get:OutputDirectory
    abstract val kotlin: DirectoryProperty

    @TaskAction
    fun build() {
        val target = System.getenv("CARGO_TARGET_DIR")?.let(::File) ?: workspace.get().dir("target").asFile
        val library = target.resolve("debug").resolve(System.mapLibraryName("tilik_mobile_core"))
        val core = listOf("--locked", "-p", "tilik-mobile-core", "--features", "bindgen")
        processes.exec {
            workingDir(workspace)
            commandLine(listOf("cargo", "build") + core)
        }
        processes.exec {
            workingDir(workspace)
            commandLine(
                listOf("cargo", "run") + core + listOf("--bin", "uniffi-bindgen", "--", "generate", "--no-format") +
                    listOf("--language", "kotlin", "--config", config.get().asFile.path) +
                    listOf("--out-dir", kotlin.get().asFile.path, library.path),
            )
        }
    }
}

// Cargo knows by itself what is new: both are asked at every build.
val buildCore = tasks.register<BuildCore>("buildCore") {
    abis.set(phones)
    workspace.set(cargo)
    ndk.set(androidComponents.sdkComponents.ndkDirectory)
    libraries.set(layout.buildDirectory.dir("core/libraries"))
    outputs.upToDateWhen { false }
}

val buildFace = tasks.register<BuildFace>("buildFace") {
    workspace.set(cargo)
    config.set(rootProject.layout.projectDirectory.file("uniffi.toml"))
    kotlin.set(layout.buildDirectory.dir("core/kotlin"))
    outputs.upToDateWhen { false }
}

tasks.named("preBuild") { dependsOn(buildCore, buildFace) }
