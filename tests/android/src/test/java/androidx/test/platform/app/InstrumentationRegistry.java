package androidx.test.platform.app;

import android.app.Instrumentation;
import android.os.Bundle;

/** Stands in for the class that Robolectric hands its instrumentation to. */
public final class InstrumentationRegistry {
    private static Instrumentation instrumentation;
    private static Bundle arguments = new Bundle();

    private InstrumentationRegistry() {}

    /** Called with null before each test. */
    public static void registerInstance(Instrumentation given, Bundle with) {
        instrumentation = given;
        arguments = with == null ? new Bundle() : new Bundle(with);
    }

    public static Instrumentation getInstrumentation() {
        if (instrumentation == null) throw new IllegalStateException("no instrumentation is registered");
        return instrumentation;
    }

    public static Bundle getArguments() {
        return new Bundle(arguments);
    }
}
