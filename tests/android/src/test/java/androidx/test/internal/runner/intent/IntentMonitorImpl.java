package androidx.test.internal.runner.intent;

import android.content.Intent;
import androidx.test.runner.intent.IntentMonitor;

/** Nobody asks which intents were sent. */
public final class IntentMonitorImpl implements IntentMonitor {
    public IntentMonitorImpl() {}

    public void signalIntent(Intent intent) {}
}
