package androidx.test.runner.intent;

/** Robolectric registers one and asks nothing of it. */
public interface IntentMonitor {}
