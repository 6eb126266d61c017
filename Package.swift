// swift-tools-version: 6.2
import PackageDescription

#if canImport(Glibc)
import Glibc
#endif

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

/// A library of the layered design in docs/architecture.md; dependencies only ever point down.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one library.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: [.target(name: name), "LoRATestSupport"] + dependencies,
    swiftSettings: strict)
}

/// Whether the system has libyaml for policy files.
///
/// Without it the copy inside Yams is used, which brings Foundation: everything works, but starts 5 ms later.
/// `LORA_NO_LIBYAML` builds as if it were missing.
let hasLibYAML = Context.environment["LORA_NO_LIBYAML"] == nil && access("/usr/include/yaml.h", R_OK) == 0

/// Whether the fuzzer is built, which needs libFuzzer and its `main`: see docs/security.md.
let wantsFuzzer = Context.environment["LORA_FUZZ"] != nil

let package = Package(
  name: "lora-tool",
  products: [
    .executable(name: "lora-tool", targets: ["lora-tool"]),
    .library(name: "LoRAModel", targets: ["LoRAModel"]),
    .library(name: "LoRALoader", type: .dynamic, targets: ["LoRALoader"]),
    .library(name: "FakeCUDA", type: .dynamic, targets: ["FakeCUDA"]),
    .library(name: "FaultyKernel", type: .dynamic, targets: ["FaultyKernel"]),
    .library(name: "LoRAInspect", targets: ["LoRAInspect"]),
    .library(name: "LoRAEngines", targets: ["LoRAEngines"]),
    .library(name: "LoRAValidate", targets: ["LoRAValidate"]),
    .library(name: "LoRAReport", targets: ["LoRAReport"]),
    .library(name: "LoRAMerge", targets: ["LoRAMerge"]),
    .library(name: "LoRAPolicy", targets: ["LoRAPolicy"]),
    .library(name: "LoRASlots", targets: ["LoRASlots"]),
    .library(name: "LoRAEvaluation", targets: ["LoRAEvaluation"]),
    .library(name: "LoRATraffic", targets: ["LoRATraffic"]),
    .library(name: "LoRACapacity", targets: ["LoRACapacity"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ] + (hasLibYAML ? [] : [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")]),
  targets: [
    // L0: no dependencies
    library("TensorCore"),
    library("PythonPattern"),
    library("SlotCache"),
    .target(name: "CLoRAShims"),
    .target(name: "CLoRAKernels"),
    .target(name: "CBytePlanes"),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
    library("LoRAIO", ["CLoRAShims"]),
    .systemLibrary(name: "CCUDADriver"),
    library("CUDADriver", ["CCUDADriver"]),

    // L1: formats and kernels
    library("Zstd", ["CZstd"]),
    library("ZstdArchive", ["CBytePlanes", "LoRAIO", "Zstd"]),
    library("Safetensors", ["TensorCore", "LoRAIO", "Zstd", "ZstdArchive"]),
    library("LoRAKernels", ["TensorCore", "CLoRAKernels"]),
    library("BaseCatalogue", ["TensorCore"]),

    // L2: what an adapter and a base model are
    library("LoRAModel", ["TensorCore", "PythonPattern", "LoRAIO", "Safetensors", "BaseCatalogue"]),
    library("LoRATokenizer", ["TensorCore", "LoRAIO"]),

    // What serving engines do with adapters
    library(
      "LoRAEngines", ["TensorCore", "PythonPattern", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAModel"]),

    // L3: one room per thing the tool does
    library(
      "LoRAInspect",
      [
        "TensorCore", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAKernels", "LoRAModel",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    library(
      "LoRAValidate",
      [
        "TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRATokenizer", "LoRAEngines", "LoRAKernels",
        "BaseCatalogue",
      ]),
    library(
      "LoRAReport",
      [
        "TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAInspect", "LoRAEngines",
        "LoRAValidate",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    library(
      "LoRAMerge",
      [
        "TensorCore", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAModel", "LoRAKernels",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),

    library(
      "LoRASlots",
      [
        "TensorCore", "LoRAIO", "Safetensors", "ZstdArchive", "BaseCatalogue", "LoRAModel", "LoRAEngines",
        "LoRAKernels", "SlotCache",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    library("LoRAEvaluation", ["TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAKernels", "LoRAMerge"]),
    library("LoRACapacity", ["TensorCore", "BaseCatalogue", "Safetensors", "LoRAModel", "LoRAEngines", "LoRASlots"]),
    library("LoRATraffic", ["TensorCore", "LoRAIO", "SlotCache", "LoRASlots"]),

    library("LoRASlotsCUDA", ["TensorCore", "LoRAIO", "LoRASlots", "CUDADriver"]),
    .systemLibrary(name: "CLoRALoader"),
    library(
      "LoRALoader",
      [
        "TensorCore", "CLoRAShims", "CLoRALoader", "LoRAIO", "Safetensors", "LoRAModel", "LoRAEngines", "SlotCache",
        "LoRASlots", "LoRASlotsCUDA",
      ]),

    // Policy files; the one target that reads YAML
    .target(
      name: "LoRAPolicy",
      dependencies: [
        "TensorCore", "LoRAIO", "LoRAValidate", hasLibYAML ? "CLibYAML" : .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict + (hasLibYAML ? [.define("SYSTEM_LIBYAML")] : [])),

    // L4 and L5: the command line
    library(
      "LoRACLI",
      [
        "TensorCore", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAKernels", "LoRAModel", "LoRAInspect",
        "LoRAEngines", "LoRAValidate", "LoRAReport", "LoRAMerge", "LoRAEvaluation", "LoRAPolicy", "Zstd", "ZstdArchive",
        "LoRATraffic", "LoRASlots", "LoRASlotsCUDA", "LoRACapacity", "CUDADriver",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "lora-tool", dependencies: ["LoRACLI"], swiftSettings: strict),
    .executableTarget(
      name: "lora-bench",
      dependencies: [
        "TensorCore", "LoRAIO", "Safetensors", "ZstdArchive", "LoRAKernels", "LoRAModel", "LoRAEngines", "LoRASlots",
        "LoRASlotsCUDA", "LoRATraffic", "CUDADriver",
      ],
      swiftSettings: strict),

    // Tests: one target per library, and the real binary
    .target(name: "FakeCUDA", path: "Tests/FakeCUDA", linkerSettings: [.linkedLibrary("m")]),
    .target(name: "FaultyKernel", path: "Tests/FaultyKernel"),
    .target(
      name: "LoRATestSupport", dependencies: ["TensorCore", "LoRAIO", "Zstd"], path: "Tests/LoRATestSupport",
      swiftSettings: strict),
    .target(
      name: "LoRAFuzzing",
      dependencies: [
        "TensorCore", "PythonPattern", "LoRAIO", "Zstd", "ZstdArchive", "Safetensors", "BaseCatalogue", "LoRAModel",
        "LoRATokenizer", "LoRAInspect", "LoRAEngines", "LoRAValidate", "LoRAMerge", "LoRASlots", "LoRATraffic",
        "LoRACapacity", "LoRAEvaluation",
        "LoRAPolicy", "LoRATestSupport",
      ], path: "Tests/LoRAFuzzing", swiftSettings: strict),
    tests("TensorCore"),
    tests("PythonPattern"),
    tests("LoRAIO"),
    tests("Zstd"),
    tests("ZstdArchive", ["TensorCore", "CBytePlanes", "LoRAIO", "Safetensors", "Zstd"]),
    tests("Safetensors", ["TensorCore", "LoRAIO"]),
    tests("LoRAKernels", ["CLoRAKernels"]),
    tests("BaseCatalogue", ["TensorCore", "LoRAIO"]),
    tests("LoRAModel", ["TensorCore", "LoRAIO", "Safetensors"]),
    tests("LoRATokenizer", ["TensorCore", "LoRAIO"]),
    tests("LoRAInspect", ["TensorCore", "LoRAIO", "Safetensors", "LoRAModel"]),
    tests("LoRAEngines", ["TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAValidate"]),
    tests(
      "LoRAValidate",
      ["TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAEngines", "BaseCatalogue", "LoRAKernels"]),
    tests(
      "LoRAReport",
      [
        "TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAInspect", "LoRAEngines", "LoRAValidate",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    tests("LoRAPolicy", ["TensorCore", "LoRAModel", "LoRAEngines", "LoRAValidate"]),
    tests("SlotCache"),
    tests(
      "LoRASlots",
      ["TensorCore", "LoRAIO", "Safetensors", "ZstdArchive", "LoRAModel", "LoRAEngines", "LoRAKernels", "SlotCache"]),
    tests(
      "LoRASlotsCUDA",
      [
        "TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAEngines", "LoRAKernels", "LoRASlots",
        "CUDADriver", "CLoRALoader",
      ]),
    tests(
      "LoRAMerge",
      [
        "TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAKernels",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    tests("LoRAEvaluation", ["TensorCore", "LoRAIO", "Safetensors", "LoRAModel", "LoRAKernels"]),
    tests("LoRACapacity", ["TensorCore", "Safetensors", "BaseCatalogue", "LoRAModel"]),
    tests("LoRATraffic", ["TensorCore"]),
    .testTarget(
      name: "DocumentationTests",
      dependencies: [
        "TensorCore", "LoRAModel", "LoRAInspect", "LoRAEngines", "LoRAValidate", "LoRAPolicy", "LoRAReport",
        "LoRAMerge", "LoRASlots", "LoRAEvaluation", "LoRATraffic", "LoRACapacity", "LoRATestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CLITests", dependencies: ["lora-tool", "lora-bench", "LoRATestSupport", "TensorCore"],
      swiftSettings: strict),
    .testTarget(
      name: "LoRAFuzzingTests",
      dependencies: ["LoRAFuzzing", "LoRATestSupport", "TensorCore", "LoRAIO", "Safetensors"],
      swiftSettings: strict),
  ]
    + (wantsFuzzer
      ? [
        .executableTarget(
          name: "lora-fuzz", dependencies: ["LoRAFuzzing", "LoRATestSupport"], path: "Tests/lora-fuzz",
          swiftSettings: strict,
          // libFuzzer's archive has a `main` of its own, which is not wanted.
          linkerSettings: [.unsafeFlags(["-use-ld=lld", "-Xlinker", "--allow-multiple-definition"])])
      ] : [])
    + (hasLibYAML ? [.systemLibrary(name: "CLibYAML", providers: [.apt(["libyaml-dev"])])] : [])
)
