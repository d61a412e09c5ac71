package id.tilik.app.phone

import android.Manifest
import android.annotation.SuppressLint
import android.content.Context
import android.content.pm.PackageManager
import android.graphics.ImageFormat
import android.graphics.Matrix
import android.graphics.Rect
import android.graphics.RectF
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CameraMetadata
import android.hardware.camera2.CaptureFailure
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.TotalCaptureResult
import android.hardware.camera2.params.MeteringRectangle
import android.hardware.display.DisplayManager
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import android.util.Size
import android.view.Display
import android.view.Surface
import android.view.TextureView
import android.view.View

/**
 * The camera by the framework's Camera2. It works on a thread of its own and tells the screen on the main thread.
 *
 * A photo is taken in three steps, as the slowest phones need it: focus, light, shot. Each step has a time limit, so that a
 * lens that finds nothing to focus on still gives a photo; the core says when it is blurred.
 */
internal class Camera2Camera(private val context: Context) : Camera {
    private val main = Handler(Looper.getMainLooper())
    private val manager = context.getSystemService(CameraManager::class.java)
    private val tilt = Tilt(context)

    // Of the main thread.
    private var view: TextureView? = null
    private var opened: Opened? = null

    override fun preview(context: Context): View = TextureView(context).also {
        view = it
        it.surfaceTextureListener = Listener()
    }

    override fun open(watcher: Camera.Watcher) {
        close()
        if (context.checkSelfPermission(Manifest.permission.CAMERA) != PackageManager.PERMISSION_GRANTED) {
            watcher.unavailable(Camera.Unavailable.NO_PERMISSION)
            return
        }
        val lens = try {
            Lens.back(manager)
        } catch (error: CameraAccessException) {
            watcher.unavailable(why(error))
            return
        }
        if (lens == null) {
            watcher.unavailable(Camera.Unavailable.NO_CAMERA)
            return
        }
        tilt.watch(watcher::tilted)
        opened = Opened(lens, watcher).also { beginWhenSeen(it) }
    }

    override fun picture(): RectF {
        val view = view ?: return RectF()
        val lens = opened?.lens ?: return RectF()
        return frame(lens, view.width, view.height)
    }

    override fun capture(done: (Shot) -> Unit, failed: (Camera.Unavailable) -> Unit) {
        val opened = opened
        if (opened == null) failed(Camera.Unavailable.BROKEN) else opened.capture(done, failed)
    }

    override fun torch(on: Boolean) {
        opened?.torch(on)
    }

    override fun focusAt(x: Float, y: Float) {
        val opened = opened ?: return
        val picture = picture()
        if (picture.isEmpty) return
        val turned = turn(opened.lens)
        opened.focusAt(onSensor((x - picture.left) / picture.width(), (y - picture.top) / picture.height(), turned))
    }

    override fun read(found: (String) -> Unit) {
        opened?.read(found)
    }

    override fun close() {
        tilt.close()
        opened?.close()
        opened = null
    }

    /** How far the sensor's picture is turned clockwise to stand upright on the screen. */
    private fun turn(lens: Lens): Int = (lens.orientation - displayDegrees() + 360) % 360

    private fun displayDegrees(): Int {
        val display = context.getSystemService(DisplayManager::class.java).getDisplay(Display.DEFAULT_DISPLAY)
        return when (display?.rotation) {
            Surface.ROTATION_90 -> 90
            Surface.ROTATION_180 -> 180
            Surface.ROTATION_270 -> 270
            else -> 0
        }
    }

    /** The photo's frame inside a view of this size, whole: what is outside of it would be a surprise on the photo. */
    private fun frame(lens: Lens, width: Int, height: Int): RectF {
        if (width == 0 || height == 0) return RectF()
        val isTurned = turn(lens) % 180 != 0
        val photo = lens.photo
        return fit(
            if (isTurned) photo.height else photo.width,
            if (isTurned) photo.width else photo.height,
            width,
            height,
        )
    }

    private fun beginWhenSeen(opened: Opened) {
        val view = view ?: return
        val texture = view.surfaceTexture
        if (view.isAvailable && texture != null) {
            layOut()
            opened.begin(texture)
        }
    }

    /**
     * Puts the preview into the photo's frame. The system draws a preview as if the phone stood upright and stretches it
     * over the view; both are taken back here.
     */
    private fun layOut() {
        val view = view ?: return
        val lens = opened?.lens ?: return
        val frame = frame(lens, view.width, view.height)
        if (frame.isEmpty) return
        val whole = RectF(0f, 0f, view.width.toFloat(), view.height.toFloat())
        val degrees = displayDegrees()
        val matrix = Matrix()
        if (degrees % 180 == 0) {
            matrix.setRectToRect(whole, frame, Matrix.ScaleToFit.FILL)
        } else {
            val across = RectF(0f, 0f, frame.height(), frame.width())
            across.offset(frame.centerX() - across.centerX(), frame.centerY() - across.centerY())
            matrix.setRectToRect(whole, across, Matrix.ScaleToFit.FILL)
        }
        matrix.postRotate(-degrees.toFloat(), frame.centerX(), frame.centerY())
        view.setTransform(matrix)
    }

    private inner class Listener : TextureView.SurfaceTextureListener {
        override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) {
            opened?.let { beginWhenSeen(it) }
        }

        override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int) {
            opened?.let { texture.setDefaultBufferSize(it.lens.preview.width, it.lens.preview.height) }
            layOut()
        }

        override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
            opened?.close()
            return true
        }

        override fun onSurfaceTextureUpdated(texture: SurfaceTexture) {}
    }

    /** One opening of the camera, from [begin] to [close]. Its fields belong to its own thread. */
    private inner class Opened(val lens: Lens, private val watcher: Camera.Watcher) {
        private val thread = HandlerThread("camera").apply { start() }
        private val own = Handler(thread.looper)

        @Volatile
        private var isClosed = false
        private var isBegun = false

        @Volatile
        private var isOpening = false
        private var device: CameraDevice? = null
        private var session: CameraCaptureSession? = null
        private var surface: Surface? = null
        private var reader: ImageReader? = null
        private var hasTorchOn = false
        private var region: MeteringRectangle? = null
        private var step = Step.PREVIEW
        private var pending: Pending? = null

        /** What began this step, and from which frame on results are about it: those before tell of the focus of earlier. */
        private var awaited: Trigger? = null
        private var awaitedFrom = Long.MAX_VALUE

        /** Once, on the main thread. */
        @SuppressLint("MissingPermission")
        fun begin(texture: SurfaceTexture) {
            if (isBegun) return
            isBegun = true
            texture.setDefaultBufferSize(lens.preview.width, lens.preview.height)
            surface = Surface(texture)
            reader = ImageReader.newInstance(lens.photo.width, lens.photo.height, ImageFormat.JPEG, 2).also {
                it.setOnImageAvailableListener({ reader -> reader.acquireNextImage()?.use(::arrived) }, own)
            }
            isOpening = true
            val opens = try {
                manager.openCamera(lens.id, Devices(), own)
                true
            } catch (error: CameraAccessException) {
                lose(why(error))
                false
            } catch (_: SecurityException) {
                lose(Camera.Unavailable.NO_PERMISSION)
                false
            } catch (_: IllegalArgumentException) {
                lose(Camera.Unavailable.NO_CAMERA)
                false
            }
            if (!opens) isOpening = false
        }

        fun close() {
            if (isClosed) return
            isClosed = true
            own.post {
                fail(Camera.Unavailable.BROKEN)
                // Also closes the session.
                device?.close()
                device = null
                session = null
                reader?.close()
                surface?.release()
                // A camera that is still opening is closed when it has opened; until then somebody must hear of it.
                if (!isOpening) thread.quitSafely()
            }
        }

        /** The camera has opened, or has not. True: nobody wants it any more, and it was let go. */
        private fun isTooLate(camera: CameraDevice): Boolean {
            isOpening = false
            if (!isClosed) return false
            camera.close()
            thread.quitSafely()
            return true
        }

        fun torch(on: Boolean) {
            own.post {
                hasTorchOn = on && lens.hasTorch
                repeatPreview(null)
            }
        }

        fun focusAt(point: FloatArray) {
            val around = lens.region(point[0], point[1])
            own.post {
                region = around
                if (step != Step.PREVIEW) return@post
                // The old search is given up before the new one: some phones take no second trigger.
                once(CaptureRequest.CONTROL_AF_TRIGGER, CameraMetadata.CONTROL_AF_TRIGGER_CANCEL)
                repeatPreview(null)
                once(CaptureRequest.CONTROL_AF_TRIGGER, CameraMetadata.CONTROL_AF_TRIGGER_START)
            }
        }

        fun capture(done: (Shot) -> Unit, failed: (Camera.Unavailable) -> Unit) {
            own.post {
                val busy = pending != null
                if (session == null || busy) {
                    main.post { failed(if (busy) Camera.Unavailable.IN_USE else Camera.Unavailable.BROKEN) }
                    return@post
                }
                pending = Pending(done, failed)
                if (lens.focuses) {
                    enter(Step.FOCUSING, FOCUS_MILLIS)
                    once(CaptureRequest.CONTROL_AF_TRIGGER, CameraMetadata.CONTROL_AF_TRIGGER_START, awaitTrigger())
                } else {
                    measureLight()
                }
            }
        }

        fun read(found: (String) -> Unit) {
            val last = HashSet<String>()
            val look = object : Runnable {
                override fun run() {
                    if (isClosed) return
                    val isTurned = turn(lens) % 180 != 0
                    val width = if (isTurned) lens.preview.height else lens.preview.width
                    val height = if (isTurned) lens.preview.width else lens.preview.height
                    val bitmap = view?.takeIf { it.isAvailable }?.getBitmap(width / 2, height / 2)
                    if (bitmap == null) {
                        main.postDelayed(this, READ_MILLIS)
                        return
                    }
                    own.post {
                        val text = SquareCode.read(bitmap)
                        bitmap.recycle()
                        main.post {
                            if (text != null && !isClosed && last.add(text)) found(text)
                            main.postDelayed(this, READ_MILLIS)
                        }
                    }
                }
            }
            main.post(look)
        }

        private fun tell(what: Camera.Watcher.() -> Unit) {
            main.post { if (!isClosed) watcher.what() }
        }

        private fun lose(why: Camera.Unavailable) {
            tell { unavailable(why) }
            main.post { close() }
        }

        private fun fail(why: Camera.Unavailable) {
            val failed = pending ?: return
            pending = null
            step = Step.PREVIEW
            main.post { failed.failed(why) }
        }

        private fun arrived(image: Image) {
            val buffer = image.planes[0].buffer
            val jpeg = ByteArray(buffer.remaining()).also(buffer::get)
            val taken = pending ?: return
            pending = null
            val shot = Shot(jpeg, taken.takenAtMicros)
            main.post { taken.done(shot) }
            backToPreview()
        }

        private fun enter(next: Step, millis: Long) {
            step = next
            val of = pending
            own.postDelayed({ if (step == next && pending === of) advance() }, millis)
        }

        /** From one step to the next, when it is done or has taken too long. */
        private fun advance() {
            when (step) {
                Step.PREVIEW -> {}
                Step.FOCUSING -> measureLight()
                Step.MEASURING -> shoot()
                Step.SHOOTING -> {
                    fail(Camera.Unavailable.BROKEN)
                    backToPreview()
                }
            }
        }

        private fun measureLight() {
            enter(Step.MEASURING, LIGHT_MILLIS)
            once(
                CaptureRequest.CONTROL_AE_PRECAPTURE_TRIGGER,
                CameraMetadata.CONTROL_AE_PRECAPTURE_TRIGGER_START,
                awaitTrigger(),
            )
        }

        private fun shoot() {
            enter(Step.SHOOTING, SHOT_MILLIS)
            val target = reader?.surface ?: return
            ask {
                val request = it.device.createCaptureRequest(CameraDevice.TEMPLATE_STILL_CAPTURE).apply {
                    addTarget(target)
                    setUp(this)
                    set(CaptureRequest.JPEG_ORIENTATION, (lens.orientation + tilt.degrees()) % 360)
                    set(CaptureRequest.JPEG_QUALITY, QUALITY)
                }
                it.capture(request.build(), Shots(), own)
            }
        }

        private fun backToPreview() {
            step = Step.PREVIEW
            once(CaptureRequest.CONTROL_AF_TRIGGER, CameraMetadata.CONTROL_AF_TRIGGER_CANCEL)
            repeatPreview(null)
        }

        private fun previewRequest(session: CameraCaptureSession): CaptureRequest.Builder? {
            val target = surface ?: return null
            return session.device.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW).apply {
                addTarget(target)
                setUp(this)
            }
        }

        private fun setUp(request: CaptureRequest.Builder) {
            request.set(CaptureRequest.CONTROL_MODE, CameraMetadata.CONTROL_MODE_AUTO)
            request.set(CaptureRequest.CONTROL_AE_MODE, CameraMetadata.CONTROL_AE_MODE_ON)
            request.set(CaptureRequest.CONTROL_AF_MODE, lens.focusMode(region != null))
            request.set(
                CaptureRequest.FLASH_MODE,
                if (hasTorchOn) CameraMetadata.FLASH_MODE_TORCH else CameraMetadata.FLASH_MODE_OFF,
            )
            region?.let {
                if (lens.hasFocusRegions) request.set(CaptureRequest.CONTROL_AF_REGIONS, arrayOf(it))
                if (lens.hasLightRegions) request.set(CaptureRequest.CONTROL_AE_REGIONS, arrayOf(it))
            }
        }

        private fun repeatPreview(next: (() -> Unit)?) {
            ask {
                val request = previewRequest(it) ?: return@ask
                it.setRepeatingRequest(request.build(), Frames(), own)
                next?.invoke()
            }
        }

        /** One preview frame with a trigger in it. */
        private fun once(key: CaptureRequest.Key<Int>, value: Int, heard: Frames = Frames()) {
            ask {
                val request = previewRequest(it) ?: return@ask
                request.set(key, value)
                it.capture(request.build(), heard, own)
            }
        }

        /** Until the frame with this trigger has begun, no result counts. */
        private fun awaitTrigger() = Trigger().also {
            awaited = it
            awaitedFrom = Long.MAX_VALUE
        }

        private fun ask(work: (CameraCaptureSession) -> Unit) {
            val now = session ?: return
            try {
                work(now)
            } catch (error: CameraAccessException) {
                fail(why(error))
                lose(why(error))
            } catch (_: IllegalStateException) {
                // The session was closed under our hands: whoever closed it says why.
                fail(Camera.Unavailable.BROKEN)
            }
        }

        private fun look(result: CaptureResult) {
            if (result.frameNumber < awaitedFrom) return
            when (step) {
                Step.FOCUSING -> {
                    val focus = result.get(CaptureResult.CONTROL_AF_STATE)
                    if (focus == CameraMetadata.CONTROL_AF_STATE_FOCUSED_LOCKED ||
                        focus == CameraMetadata.CONTROL_AF_STATE_NOT_FOCUSED_LOCKED
                    ) {
                        advance()
                    }
                }
                Step.MEASURING -> {
                    val light = result.get(CaptureResult.CONTROL_AE_STATE)
                    if (light == null || light == CameraMetadata.CONTROL_AE_STATE_CONVERGED ||
                        light == CameraMetadata.CONTROL_AE_STATE_FLASH_REQUIRED
                    ) {
                        advance()
                    }
                }
                Step.PREVIEW, Step.SHOOTING -> {}
            }
        }

        private inner class Devices : CameraDevice.StateCallback() {
            override fun onOpened(camera: CameraDevice) {
                if (isTooLate(camera)) return
                device = camera
                val targets = listOfNotNull(surface, reader?.surface)
                try {
                    @Suppress("DEPRECATION")
                    camera.createCaptureSession(targets, Sessions(), own)
                } catch (error: CameraAccessException) {
                    lose(why(error))
                } catch (_: IllegalArgumentException) {
                    // The screen went away between the two calls, and its surface with it.
                    lose(Camera.Unavailable.BROKEN)
                }
            }

            override fun onDisconnected(camera: CameraDevice) {
                if (isTooLate(camera)) return
                device = camera
                fail(Camera.Unavailable.IN_USE)
                lose(Camera.Unavailable.IN_USE)
            }

            override fun onError(camera: CameraDevice, error: Int) {
                if (isTooLate(camera)) return
                device = camera
                val why = when (error) {
                    ERROR_CAMERA_IN_USE, ERROR_MAX_CAMERAS_IN_USE -> Camera.Unavailable.IN_USE
                    ERROR_CAMERA_DISABLED -> Camera.Unavailable.FORBIDDEN
                    else -> Camera.Unavailable.BROKEN
                }
                fail(why)
                lose(why)
            }
        }

        private inner class Sessions : CameraCaptureSession.StateCallback() {
            override fun onConfigured(now: CameraCaptureSession) {
                if (isClosed) return
                session = now
                repeatPreview { tell { ready(lens.hasTorch) } }
            }

            override fun onConfigureFailed(now: CameraCaptureSession) = lose(Camera.Unavailable.BROKEN)
        }

        private open inner class Frames : CameraCaptureSession.CaptureCallback() {
            override fun onCaptureCompleted(
                session: CameraCaptureSession,
                request: CaptureRequest,
                result: TotalCaptureResult,
            ) = look(result)
        }

        private inner class Trigger : Frames() {
            override fun onCaptureStarted(
                session: CameraCaptureSession,
                request: CaptureRequest,
                timestamp: Long,
                frameNumber: Long,
            ) {
                if (awaited === this) awaitedFrom = frameNumber
            }
        }

        private inner class Shots : CameraCaptureSession.CaptureCallback() {
            override fun onCaptureStarted(
                session: CameraCaptureSession,
                request: CaptureRequest,
                timestamp: Long,
                frameNumber: Long,
            ) {
                pending?.takenAtMicros = System.currentTimeMillis() * 1000
            }

            override fun onCaptureFailed(
                session: CameraCaptureSession,
                request: CaptureRequest,
                failure: CaptureFailure,
            ) {
                fail(Camera.Unavailable.BROKEN)
                backToPreview()
            }
        }
    }

    private enum class Step { PREVIEW, FOCUSING, MEASURING, SHOOTING }

    /** A photo that somebody waits for. */
    private class Pending(val done: (Shot) -> Unit, val failed: (Camera.Unavailable) -> Unit) {
        var takenAtMicros = System.currentTimeMillis() * 1000
    }

    internal companion object {
        private const val FOCUS_MILLIS = 1500L
        private const val LIGHT_MILLIS = 1000L
        private const val SHOT_MILLIS = 8000L
        private const val READ_MILLIS = 250L

        /** The core encodes once more; what is lost here would be lost twice. */
        private const val QUALITY: Byte = 95

        private fun why(error: CameraAccessException): Camera.Unavailable = when (error.reason) {
            CameraAccessException.CAMERA_IN_USE, CameraAccessException.MAX_CAMERAS_IN_USE -> Camera.Unavailable.IN_USE
            CameraAccessException.CAMERA_DISABLED -> Camera.Unavailable.FORBIDDEN
            else -> Camera.Unavailable.BROKEN
        }

        /** A rectangle of the shape `width` to `height`, as large as it can be in the middle of a view. */
        fun fit(width: Int, height: Int, viewWidth: Int, viewHeight: Int): RectF {
            val scale = minOf(viewWidth / width.toFloat(), viewHeight / height.toFloat())
            val left = (viewWidth - width * scale) / 2
            val top = (viewHeight - height * scale) / 2
            return RectF(left, top, left + width * scale, top + height * scale)
        }

        /** A point of the upright picture, in shares, as a point of the sensor that is turned by so many degrees. */
        fun onSensor(x: Float, y: Float, degrees: Int): FloatArray {
            val inX = x.coerceIn(0f, 1f)
            val inY = y.coerceIn(0f, 1f)
            return when (degrees) {
                90 -> floatArrayOf(inY, 1 - inX)
                180 -> floatArrayOf(1 - inX, 1 - inY)
                270 -> floatArrayOf(1 - inY, inX)
                else -> floatArrayOf(inX, inY)
            }
        }
    }
}

/** What a camera can do, read once. */
internal class Lens(
    val id: String,
    /** Degrees clockwise from the phone's top to the sensor's. */
    val orientation: Int,
    val photo: Size,
    val preview: Size,
    val hasTorch: Boolean,
    val hasFocusRegions: Boolean,
    val hasLightRegions: Boolean,
    private val focusModes: Set<Int>,
    private val active: Rect,
) {
    /** Whether it can be told to focus. */
    val focuses: Boolean
        get() = CameraMetadata.CONTROL_AF_MODE_CONTINUOUS_PICTURE in focusModes ||
            CameraMetadata.CONTROL_AF_MODE_AUTO in focusModes

    /** By itself all the time, or at the point that was tapped. */
    fun focusMode(isTapped: Boolean): Int {
        val wanted = listOf(
            CameraMetadata.CONTROL_AF_MODE_AUTO,
            CameraMetadata.CONTROL_AF_MODE_CONTINUOUS_PICTURE,
        ).let { if (isTapped) it else it.reversed() }
        return wanted.firstOrNull { it in focusModes } ?: CameraMetadata.CONTROL_AF_MODE_OFF
    }

    /** A tenth of the picture around a point of the sensor, which is given in shares. */
    fun region(x: Float, y: Float): MeteringRectangle {
        val half = minOf(active.width(), active.height()) / 20
        val left = (active.left + x * active.width()).toInt() - half
        val top = (active.top + y * active.height()).toInt() - half
        return MeteringRectangle(
            left.coerceIn(active.left, active.right - 2 * half),
            top.coerceIn(active.top, active.bottom - 2 * half),
            2 * half,
            2 * half,
            MeteringRectangle.METERING_WEIGHT_MAX,
        )
    }

    internal companion object {
        /** More than this only costs memory: the evidence has 2048 pixels along its long side. */
        private const val MOST_PIXELS = 50_000_000L

        /** Less than this is too coarse to be scaled down. */
        private const val ENOUGH_PIXELS = 12_000_000L

        /** The main camera on the back, which the system lists first; a phone with one on the front only has none. */
        @Throws(CameraAccessException::class)
        fun back(manager: CameraManager): Lens? {
            for (id in manager.cameraIdList) {
                val about = manager.getCameraCharacteristics(id)
                val facing = about.get(CameraCharacteristics.LENS_FACING)
                if (facing != CameraMetadata.LENS_FACING_FRONT) return of(id, about) ?: continue
            }
            return null
        }

        private fun of(id: String, about: CameraCharacteristics): Lens? {
            val map = about.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP) ?: return null
            val active = about.get(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE) ?: return null
            val photo = photoSize(map.getOutputSizes(ImageFormat.JPEG).orEmpty().toList()) ?: return null
            val preview = previewSize(map.getOutputSizes(SurfaceTexture::class.java).orEmpty().toList(), photo) ?: return null
            return Lens(
                id = id,
                orientation = about.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 90,
                photo = photo,
                preview = preview,
                hasTorch = about.get(CameraCharacteristics.FLASH_INFO_AVAILABLE) == true,
                hasFocusRegions = (about.get(CameraCharacteristics.CONTROL_MAX_REGIONS_AF) ?: 0) > 0,
                hasLightRegions = (about.get(CameraCharacteristics.CONTROL_MAX_REGIONS_AE) ?: 0) > 0,
                focusModes = about.get(CameraCharacteristics.CONTROL_AF_AVAILABLE_MODES)?.toSet().orEmpty(),
                active = active,
            )
        }

        /**
         * The smallest size of the sensor's own shape with pixels enough, else the largest there is: a 50 MP photo takes a
         * cheap phone seconds and is scaled down all the same.
         */
        fun photoSize(sizes: List<Size>): Size? {
            val allowed = sizes.filter { pixels(it) <= MOST_PIXELS }.ifEmpty { sizes }
            val largest = allowed.maxByOrNull(::pixels) ?: return null
            return allowed.filter { pixels(it) >= ENOUGH_PIXELS && hasShape(it, largest) }.minByOrNull(::pixels) ?: largest
        }

        /** The largest preview of the photo's shape that a cheap phone shows without stumbling. */
        fun previewSize(sizes: List<Size>, photo: Size): Size? {
            val light = sizes.filter { it.width <= 1440 && it.height <= 1440 }.ifEmpty { sizes }
            return light.filter { hasShape(it, photo) }.maxByOrNull(::pixels) ?: light.maxByOrNull(::pixels)
        }

        private fun pixels(size: Size): Long = size.width.toLong() * size.height

        /** Of the same shape but for rounding. */
        private fun hasShape(size: Size, other: Size): Boolean {
            val shape = size.width / size.height.toFloat()
            val wanted = other.width / other.height.toFloat()
            return Math.abs(shape - wanted) < 0.02f
        }
    }
}
