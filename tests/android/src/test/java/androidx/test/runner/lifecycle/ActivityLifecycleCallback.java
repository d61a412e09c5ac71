package androidx.test.runner.lifecycle;

import android.app.Activity;

/** Told when an activity reaches a stage. */
public interface ActivityLifecycleCallback {
    void onActivityLifecycleChanged(Activity activity, Stage stage);
}
