package androidx.test.runner.intent;

/** Holds the one IntentMonitor. */
public final class IntentMonitorRegistry {
    private static IntentMonitor instance;

    private IntentMonitorRegistry() {}

    public static void registerInstance(IntentMonitor given) {
        instance = given;
    }

    public static IntentMonitor getInstance() {
        if (instance == null) throw new IllegalStateException("nothing is registered");
        return instance;
    }
}
