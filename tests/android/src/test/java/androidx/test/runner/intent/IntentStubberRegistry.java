package androidx.test.runner.intent;

/** No intent is answered here. */
public final class IntentStubberRegistry {
    private IntentStubberRegistry() {}

    public static boolean isLoaded() {
        return false;
    }

    public static IntentStubber getInstance() {
        throw new IllegalStateException("nothing is registered");
    }
}
