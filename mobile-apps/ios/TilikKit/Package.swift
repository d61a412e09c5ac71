// swift-tools-version:5.9
// The app without Apple's frameworks. On a Mac the core comes as an xcframework, on Linux as a shared library; both and
// the bindings are made by ../build-core.sh into the ignored folder Generated.
import PackageDescription

#if os(Linux)
let face: [Target] = [.systemLibrary(name: "TilikCoreFFI", path: "Generated/FFI")]
#else
let face: [Target] = [.binaryTarget(name: "TilikCoreFFI", path: "Generated/TilikCoreFFI.xcframework")]
#endif

let package = Package(
    name: "TilikKit",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "TilikKit", targets: ["TilikKit", "TilikCore"])],
    targets: face + [
        .target(name: "TilikCore", dependencies: ["TilikCoreFFI"], path: "Generated/TilikCore"),
        .target(name: "TilikKit", dependencies: ["TilikCore"]),
        .testTarget(name: "TilikKitTests", dependencies: ["TilikKit"]),
    ]
)
