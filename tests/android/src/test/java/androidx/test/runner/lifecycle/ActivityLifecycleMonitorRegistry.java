package androidx.test.runner.lifecycle;

/** Holds the one ActivityLifecycleMonitor. */
public final class ActivityLifecycleMonitorRegistry {
    private static ActivityLifecycleMonitor instance;

    private ActivityLifecycleMonitorRegistry() {}

    public static void registerInstance(ActivityLifecycleMonitor given) {
        instance = given;
    }

    public static ActivityLifecycleMonitor getInstance() {
        if (instance == null) throw new IllegalStateException("nothing is registered");
        return instance;
    }
}
