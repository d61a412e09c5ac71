package androidx.test.runner.lifecycle;

/** Holds the one ApplicationLifecycleMonitor. */
public final class ApplicationLifecycleMonitorRegistry {
    private static ApplicationLifecycleMonitor instance;

    private ApplicationLifecycleMonitorRegistry() {}

    public static void registerInstance(ApplicationLifecycleMonitor given) {
        instance = given;
    }

    public static ApplicationLifecycleMonitor getInstance() {
        if (instance == null) throw new IllegalStateException("nothing is registered");
        return instance;
    }
}
