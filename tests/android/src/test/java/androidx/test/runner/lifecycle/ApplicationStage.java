package androidx.test.runner.lifecycle;

/** Where in its life the application is. */
public enum ApplicationStage {
    PRE_ON_CREATE, CREATED
}
