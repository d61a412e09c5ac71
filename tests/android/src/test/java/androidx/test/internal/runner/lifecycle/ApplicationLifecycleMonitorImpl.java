package androidx.test.internal.runner.lifecycle;

import android.app.Application;
import androidx.test.runner.lifecycle.ApplicationLifecycleMonitor;
import androidx.test.runner.lifecycle.ApplicationStage;

/** Nobody asks for the application's stage. */
public final class ApplicationLifecycleMonitorImpl implements ApplicationLifecycleMonitor {
    public ApplicationLifecycleMonitorImpl() {}

    public void signalLifecycleChange(Application application, ApplicationStage stage) {}
}
