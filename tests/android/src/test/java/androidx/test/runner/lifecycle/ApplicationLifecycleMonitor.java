package androidx.test.runner.lifecycle;

/** Robolectric registers one and asks nothing of it. */
public interface ApplicationLifecycleMonitor {}
