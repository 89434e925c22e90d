// swift-tools-version: 6.2
import PackageDescription

// Builds for trials alone: places where a test can kill or stall a process (CUblk/test_points.h).
let hasTestPoints = Context.environment["UBLKD_TEST_POINTS"] != nil
// Every Swift target: warnings are errors, imports are exact.
let strict: [SwiftSetting] =
    [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (hasTestPoints ? [.define("UBLKD_TEST_POINTS")] : [])
// Targets that have no business with pointers: an unsafe construct in them does not compile.
let pure: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
    name: "ublkd",
    products: [
        .executable(name: "ublkd", targets: ["ublkd"]),
        .executable(name: "ublkd-worker", targets: ["ublkd-worker"]),
        .executable(name: "ublkctl", targets: ["ublkctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        // The C floor: the ublk ABI as we state it, ring helpers, spawn and message shims.
        .target(
            name: "CUblk",
            cSettings: [
                .treatAllWarnings(as: .error), .enableWarning("extra"), .disableWarning("unused-parameter"),
            ] + (hasTestPoints ? [.define("UBLKD_TEST_POINTS")] : []),
            linkerSettings: [.linkedLibrary(":liburing.a")]),
        .systemLibrary(
            name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        // Values and pure logic.
        .target(name: "BlockABI", dependencies: ["CUblk"], swiftSettings: strict),
        .target(name: "ConfigText", swiftSettings: pure),
        .target(name: "Configuration", dependencies: ["ConfigText", "BlockABI"], swiftSettings: pure),
        .target(name: "DevicePolicy", dependencies: ["BlockABI", "Configuration"], swiftSettings: pure),
        .target(name: "StatusWire", swiftSettings: pure),

        // The imperative floor.
        .target(name: "LinuxSys", dependencies: ["CUblk", "BlockABI"], swiftSettings: strict),
        .target(name: "Systemd", dependencies: ["CSystemd", "BlockABI"], swiftSettings: strict),

        // The data path: one module, so that the loop specialises over its target.
        .target(name: "QueueEngine", dependencies: ["CUblk", "BlockABI"], swiftSettings: strict),

        // Programs.
        .executableTarget(
            name: "ublkd",
            dependencies: [
                "BlockABI", "ConfigText", "Configuration", "DevicePolicy", "StatusWire", "LinuxSys",
                "Systemd",
            ], swiftSettings: strict),
        .executableTarget(
            name: "ublkd-worker", dependencies: ["BlockABI", "LinuxSys", "QueueEngine"],
            swiftSettings: strict, linkerSettings: [.unsafeFlags(["-static-executable"])]),
        .executableTarget(
            name: "ublkctl",
            dependencies: [
                "BlockABI", "StatusWire", "ConfigText", "Configuration", "LinuxSys",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),

        .testTarget(name: "BlockABITests", dependencies: ["BlockABI", "CUblk"], swiftSettings: strict),
        // What a thread computes, for tests of what must not take long.
        .target(name: "CPUTime", path: "Tests/Support/CPUTime", swiftSettings: strict),
        .testTarget(name: "ConfigTextTests", dependencies: ["CPUTime", "ConfigText"], swiftSettings: strict),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["CPUTime", "ConfigText", "Configuration"],
            swiftSettings: strict),
        // Optimised in debug builds, too: the simulation runs a hundred thousand sequences.
        .testTarget(
            name: "DevicePolicyTests", dependencies: ["DevicePolicy", "BlockABI"],
            swiftSettings: pure + [.unsafeFlags(["-O"])]),
        .testTarget(
            name: "DocumentationTests",
            dependencies: [
                "Configuration", "ConfigText", "StatusWire", "ublkctl", "ublkd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .testTarget(
            name: "LinuxSysTests", dependencies: ["BlockABI", "LinuxSys", "CUblk"], swiftSettings: strict),
        // Counts the allocations of a thread by standing in front of libc's.
        .target(name: "MallocCount", path: "Tests/Support/MallocCount"),
        .testTarget(
            name: "QueueEngineTests", dependencies: ["BlockABI", "CUblk", "MallocCount", "QueueEngine"],
            swiftSettings: strict),
        .testTarget(name: "StatusWireTests", dependencies: ["StatusWire"], swiftSettings: strict),
        .testTarget(name: "StructureTests", swiftSettings: strict),
        .testTarget(name: "SystemdTests", dependencies: ["Systemd", "BlockABI"], swiftSettings: strict),
        .testTarget(
            name: "UblkdTests",
            dependencies: ["BlockABI", "Configuration", "DevicePolicy", "LinuxSys", "StatusWire", "ublkd"],
            swiftSettings: strict),
        .testTarget(
            name: "UblkctlTests",
            dependencies: [
                "StatusWire", "ublkctl", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Golden"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
