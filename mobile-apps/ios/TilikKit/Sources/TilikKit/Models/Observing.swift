#if canImport(Combine)
@_exported import Combine
#else
/// What a model needs of Combine where there is none: the models are tested on Linux too.
public protocol ObservableObject: AnyObject {}

/// A value that screens watch.
@propertyWrapper
public struct Published<Value> {
    public var wrappedValue: Value

    public init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
    }
}
#endif
