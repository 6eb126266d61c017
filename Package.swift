// swift-tools-version: 6.2
import PackageDescription

#if canImport(Glibc)
import Glibc
#endif

/// What is asked of the compiler that `.ci/run` builds with: others have other warnings, and 6.2 wants imports for the
/// standard library's members where a module has members of the same names.
#if compiler(>=6.3)
let checks: [SwiftSetting] = [.treatAllWarnings(as: .error), .enableUpcomingFeature("MemberImportVisibility")]
#else
let checks: [SwiftSetting] = []
#endif

let strict: [SwiftSetting] =
  checks + [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    // System calls that tests can order to fail.
    .define("ORDERED_FAULTS", .when(configuration: .debug)),
  ]

/// Whether another package has this one checked out.
let isDependency = Context.packageDirectory.contains("/checkouts/")

/// A library of the layered design in docs/architecture.md; dependencies only ever point down.
///
/// What the tests spend their time in is hot, optimized in debug builds too; what plans and reports is compact; what
/// only begins work is plain. See docs/benchmarks.md.
func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], isHot: Bool = false, isCompact: Bool = false,
  isPlain: Bool = false
) -> Target {
  var settings = strict
  if isHot && !isDependency { settings.append(.unsafeFlags(["-O"], .when(configuration: .debug))) }
  if (isCompact || isPlain) && !isDependency { settings += compact }
  if isPlain && !isDependency { settings += plain }
  return .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A third less code.
///
/// Values are copied and destroyed by a description of their layout, which the runtime reads, where five functions would
/// be written for every type. Debug builds do so too, as the tests run on them.
let compact: [SwiftSetting] = [
  .unsafeFlags(["-Osize"], .when(configuration: .release)),
  .enableExperimentalFeature("LayoutStringValueWitnesses"),
  .unsafeFlags(
    ["layout-string-value-witnesses", "layout-string-value-witnesses-instantiation"].flatMap {
      ["-Xfrontend", "-enable-" + $0]
    }),
]

/// Compiled in half the time, with 7 % more code: Swift's own optimizations are left out, those of LLVM stay.
///
/// Generic code is not written anew for each type, so this is for what begins work and prints, not for what loops.
let plain: [SwiftSetting] = [
  .unsafeFlags(["-Xfrontend", "-disable-sil-perf-optzns"], .when(configuration: .release))
]

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
let yaml: Target.Dependency = hasLibYAML ? "CLibYAML" : .product(name: "Yams", package: "Yams")

/// Whether the system has GNU libmicrohttpd for `lora-tool-serve`.
///
/// Without it everything is built, and that program says what it lacks. `LORA_NO_MICROHTTPD` builds as if it were missing.
let hasHTTPServer = Context.environment["LORA_NO_MICROHTTPD"] == nil && access("/usr/include/microhttpd.h", R_OK) == 0
let served: [Target.Dependency] = hasHTTPServer ? ["HTTPServer"] : []

/// Whether the fuzzer is built, which needs libFuzzer and its `main`: see docs/security.md.
let wantsFuzzer = Context.environment["LORA_FUZZ"] != nil

// Exported: the program, the shared library with the C interface, and what a Swift program links.
let programs: [Product] = [
  .executable(name: "lora-tool", targets: ["lora-tool"]),
  .executable(name: "lora-tool-serve", targets: ["lora-tool-serve"]),
  .library(name: "LoRALoader", type: .dynamic, targets: ["LoRALoader"]),
]
let libraries: [Product] = [
  "Safetensors", "LoRAModel", "LoRAInspect", "LoRAEngines", "LoRAValidate", "LoRAReport", "LoRAMerge", "LoRAPolicy",
  "LoRASlots", "LoRAEvalGate", "LoRAParity", "LoRATraffic", "LoRACapacity",
].map { .library(name: $0, targets: [$0]) }

// For the tests alone, which load them at run time: shared libraries must be products.
let testLibraries: [Product] = ["FakeCUDA", "FaultyKernel"].map {
  .library(name: $0, type: .dynamic, targets: [$0])
}

// L0: no dependencies
let foundations: [Target] = [
  library("TensorCore", isHot: true),
  .target(name: "CByteMarks"),
  library("JSON", ["CByteMarks"], isHot: true),
  library("PythonPattern", isHot: true, isCompact: true),
  library("SlotCache"),
  .target(name: "CLoRAShims"),
  .target(name: "CLoRAKernels"),
  .target(name: "CBytePlanes"),
  .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
  .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
  library("SHA2", ["CCrypto"]),
  library("LoRAIO", ["CLoRAShims"]),
  .systemLibrary(name: "CCUDADriver"),
  library("CUDADriver", ["CCUDADriver"], isCompact: true),
]

// L1: formats and kernels
let formats: [Target] = [
  library("Diagnostics", ["TensorCore", "JSON"]),
  library("Compression", ["CZstd", "CBytePlanes", "LoRAIO"]),
  library("Safetensors", ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "Compression"], isHot: true),
  library("LoRAKernels", ["TensorCore", "CLoRAKernels"]),
  library("BaseCatalogue", ["TensorCore", "JSON", "LoRAIO"], isHot: true, isCompact: true),
  .target(name: "CCurl"),
  library("RemoteFiles", ["CCurl", "TensorCore", "JSON", "LoRAIO", "SHA2"], isPlain: true),

  // Bases whose weights are stored as codes
  library(
    "QuantizedWeights", ["TensorCore", "JSON", "LoRAIO", "Safetensors", "LoRAKernels"], isHot: true, isCompact: true),
]

// L2: what an adapter and a base model are
let models: [Target] = [
  library(
    "LoRAModel",
    [
      "TensorCore", "JSON", "Diagnostics", "PythonPattern", "LoRAIO", "RemoteFiles", "Safetensors", "BaseCatalogue",
      "QuantizedWeights",
    ],
    isHot: true),
  library("LoRATokenizer", ["TensorCore", "JSON", "LoRAIO"]),

  // What serving engines do with adapters
  library(
    "LoRAEngines",
    ["TensorCore", "JSON", "Diagnostics", "PythonPattern", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAModel"],
    isCompact: true),
]

// L3: one room per thing the tool does
let rooms: [Target] = [
  library(
    "LoRAInspect",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAKernels", "LoRAModel",
      "SHA2",
    ], isCompact: true),
  library(
    "LoRAValidate",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "QuantizedWeights", "LoRAModel", "LoRATokenizer",
      "LoRAEngines", "LoRAKernels", "BaseCatalogue",
    ], isCompact: true),
  library(
    "LoRAReport",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "LoRAModel", "LoRAInspect", "LoRAEngines",
      "LoRAValidate", "LoRADeltas", "LoRASurgery", "SHA2",
    ], isPlain: true),
  library(
    "LoRAMerge",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "BaseCatalogue", "QuantizedWeights", "LoRAModel",
      "LoRAKernels", "SHA2",
    ], isCompact: true),

  // What an adapter adds, as numbers, and adapters made from adapters
  library(
    "LoRADeltas",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "LoRAKernels", "LoRAModel",
    ], isCompact: true),
  library(
    "LoRASurgery",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAKernels", "LoRAModel",
      "LoRAInspect", "LoRADeltas", "SHA2",
    ], isPlain: true),
  library(
    "LoRARepair",
    [
      "TensorCore", "JSON", "Diagnostics", "PythonPattern", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAKernels",
      "LoRAModel", "LoRAEngines", "LoRAValidate", "LoRADeltas", "LoRASurgery",
    ], isPlain: true),

  library(
    "LoRASlots",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "Compression", "BaseCatalogue", "LoRAModel",
      "LoRAEngines", "LoRAKernels", "SlotCache", "SHA2",
    ], isCompact: true),
  .target(name: "CAnswers", dependencies: ["CByteMarks"]),
  library("LoRAEvalGate", ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "CAnswers"]),
  library(
    "LoRAParity",
    ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "LoRAModel", "LoRAKernels", "LoRAMerge"]),
  library(
    "LoRACapacity",
    ["TensorCore", "JSON", "Diagnostics", "BaseCatalogue", "Safetensors", "LoRAModel", "LoRAEngines", "LoRASlots"],
    isCompact: true),
  library("LoRATraffic", ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "SlotCache"]),

  library("LoRASlotsCUDA", ["TensorCore", "LoRAIO", "LoRASlots", "CUDADriver"], isCompact: true),
  .systemLibrary(name: "CLoRALoader"),
  library(
    "LoRALoader",
    [
      "TensorCore", "CLoRAShims", "CLoRALoader", "LoRAIO", "LoRAModel", "LoRAEngines", "LoRASlots", "LoRASlotsCUDA",
    ]),

  // Policy files; the one target that reads YAML
  .target(
    name: "LoRAPolicy",
    dependencies: [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "LoRAValidate",
      yaml,
    ],
    swiftSettings: (hasLibYAML ? strict + [.define("SYSTEM_LIBYAML")] : strict) + (isDependency ? [] : compact + plain)),

  // Verdicts over HTTP: requests to answers, then the sockets
  library(
    "LoRAServe",
    ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "LoRAModel", "LoRAEngines", "LoRAValidate", "CLoRAShims"],
    isCompact: true),
]

// L4 and L5: the command line
let commandLine: [Target] = [
  library(
    "LoRACLI",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "BaseCatalogue", "LoRAKernels", "LoRAModel",
      "LoRAInspect", "LoRAEngines", "LoRAValidate", "LoRAReport", "LoRAMerge", "LoRAEvalGate", "LoRAParity",
      "LoRAPolicy", "Compression", "LoRATraffic", "SlotCache", "LoRASlots", "LoRASlotsCUDA", "LoRACapacity",
      "LoRADeltas", "LoRASurgery", "LoRARepair", "CUDADriver", "RemoteFiles",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ], isPlain: true),
  .executableTarget(name: "lora-tool", dependencies: ["LoRACLI"], swiftSettings: strict),
  .executableTarget(
    name: "lora-tool-serve",
    dependencies: [
      "JSON", "LoRAIO", "LoRAModel", "LoRAEngines", "LoRAValidate", "RemoteFiles", "LoRAServe", "LoRACLI",
    ] + served,
    swiftSettings: hasHTTPServer ? strict + [.define("HTTP_SERVER")] : strict),
  .executableTarget(
    name: "lora-bench",
    dependencies: [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "Compression", "LoRAKernels", "LoRAModel",
      "LoRAEngines", "LoRASlots",
      "LoRASlotsCUDA", "LoRATraffic", "CUDADriver",
    ],
    swiftSettings: strict),
]

// Tests: one target per library, and the real binary
let testTargets: [Target] = [
  // It runs kernels element by element, which takes four times as long without optimization.
  .target(
    name: "FakeCUDA", path: "Tests/FakeCUDA", cSettings: isDependency ? [] : [.unsafeFlags(["-O2"])],
    linkerSettings: [.linkedLibrary("m")]),
  .target(name: "FaultyKernel", path: "Tests/FaultyKernel"),
  .target(
    name: "LoRATestSupport", dependencies: ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "Compression"],
    path: "Tests/LoRATestSupport",
    swiftSettings: strict),
  .target(
    name: "LoRAFuzzing",
    dependencies: [
      "TensorCore", "JSON", "Diagnostics", "PythonPattern", "LoRAIO", "Compression", "Safetensors", "BaseCatalogue",
      "LoRAModel",
      "LoRATokenizer", "LoRAInspect", "LoRAEngines", "LoRAValidate", "LoRAMerge", "LoRASlots", "LoRATraffic",
      "LoRACapacity", "LoRAEvalGate", "LoRAPolicy", "LoRATestSupport",
    ], path: "Tests/LoRAFuzzing", swiftSettings: strict),
  tests("TensorCore"),
  tests("PythonPattern"),
  tests("SHA2"),
  tests("LoRAIO"),
  tests("JSON", ["CByteMarks"]),
  tests("Diagnostics"),
  tests("Compression", ["TensorCore", "CBytePlanes", "CZstd", "LoRAIO", "Safetensors"]),
  tests("Safetensors", ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "Compression"]),
  tests("LoRAKernels", ["TensorCore", "CLoRAKernels"]),
  tests("BaseCatalogue", ["TensorCore", "JSON"]),
  tests("QuantizedWeights", ["TensorCore", "JSON", "LoRAIO", "Safetensors"]),
  tests("LoRAModel", ["TensorCore", "JSON", "Diagnostics", "LoRAIO", "RemoteFiles", "Safetensors", "BaseCatalogue"]),
  tests("RemoteFiles", ["JSON", "LoRAIO"]),
  tests("LoRATokenizer", ["JSON"]),
  tests("LoRAInspect", ["TensorCore", "JSON", "LoRAIO", "Safetensors", "LoRAModel"]),
  tests("LoRAEngines", ["TensorCore", "JSON", "LoRAIO", "LoRAModel", "LoRAValidate"]),
  tests(
    "LoRAValidate",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "LoRAModel", "LoRAEngines", "LoRAKernels",
      "LoRAInspect",
    ]),
  tests(
    "LoRAReport",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "LoRAModel", "LoRAInspect", "LoRAEngines", "LoRAValidate",
      "SHA2",
    ]),
  tests("LoRAPolicy", ["TensorCore", "JSON", "Diagnostics", "LoRAModel", "LoRAValidate", "LoRAIO"]),
  tests("SlotCache"),
  tests(
    "LoRASlots",
    ["TensorCore", "JSON", "LoRAIO", "Safetensors", "Compression", "LoRAModel", "LoRAEngines", "SlotCache"]),
  tests(
    "LoRASlotsCUDA",
    [
      "TensorCore", "Diagnostics", "LoRAIO", "Safetensors", "LoRAModel", "LoRAEngines", "LoRAKernels", "LoRASlots",
      "CUDADriver", "CLoRALoader",
    ]),
  tests(
    "LoRAMerge",
    [
      "TensorCore", "JSON", "LoRAIO", "Safetensors", "QuantizedWeights", "LoRAModel",
      "SHA2",
    ]),
  tests(
    "LoRASurgery",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "LoRAKernels", "LoRAModel", "LoRAValidate",
      "LoRADeltas", "SHA2",
    ]),
  tests(
    "LoRARepair",
    [
      "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors", "LoRAKernels", "LoRAModel", "LoRAEngines",
      "LoRAValidate", "LoRADeltas", "LoRASurgery",
    ]),
  tests("LoRAEvalGate", ["JSON", "LoRAIO"]),
  tests("LoRAParity", ["TensorCore", "JSON", "Safetensors", "LoRAModel", "LoRAKernels"]),
  tests("LoRAServe", ["JSON", "LoRAIO", "lora-tool", "lora-tool-serve"]),
  tests("LoRACapacity", ["TensorCore", "JSON", "Safetensors", "BaseCatalogue", "LoRAModel"]),
  tests("LoRATraffic", ["JSON"]),
  .testTarget(
    name: "DocumentationTests",
    dependencies: [
      "TensorCore", "JSON", "Diagnostics", "LoRAModel", "LoRAInspect", "LoRAEngines", "LoRAValidate", "LoRAPolicy",
      "LoRAReport",
      "LoRAMerge", "LoRASlots", "LoRAEvalGate", "LoRAParity", "LoRATraffic", "LoRACapacity", "LoRATestSupport",
      "Safetensors",
    ],
    swiftSettings: strict),
  .testTarget(
    name: "CLITests",
    dependencies: [
      "lora-tool", "lora-tool-serve", "lora-bench", "LoRAValidate", "LoRATestSupport", "TensorCore", "JSON",
      "Diagnostics", "SHA2",
    ],
    swiftSettings: strict),
  .testTarget(
    name: "LoRAFuzzingTests",
    dependencies: ["LoRAFuzzing", "LoRATestSupport", "TensorCore", "JSON", "Diagnostics", "LoRAIO", "Safetensors"],
    swiftSettings: strict),
]

// What this machine or the environment asks for
let fuzzer: Target = .executableTarget(
  name: "lora-fuzz", dependencies: ["LoRAFuzzing", "LoRATestSupport"], path: "Tests/lora-fuzz", swiftSettings: strict,
  // libFuzzer's archive has a `main` of its own, which is not wanted.
  linkerSettings: [.unsafeFlags(["-use-ld=lld", "-Xlinker", "--allow-multiple-definition"])])
let httpServer: [Target] = [
  .target(name: "CHTTPServer", linkerSettings: [.linkedLibrary("microhttpd")]),
  library("HTTPServer", ["CHTTPServer", "LoRAIO", "LoRAServe"]),
]
let libYAML: Target = .systemLibrary(name: "CLibYAML", providers: [.apt(["libyaml-dev"])])

// In steps: as one expression, compilers before 6.3 gave it up.
var targets = foundations + formats + models + rooms + commandLine + testTargets
if wantsFuzzer { targets.append(fuzzer) }
if hasHTTPServer { targets += httpServer }
if hasLibYAML { targets.append(libYAML) }

var products = programs + libraries
if !isDependency { products += testLibraries }

var dependencies: [Package.Dependency] = [
  .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
]
if !hasLibYAML { dependencies.append(.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")) }

let package = Package(name: "lora-tool", products: products, dependencies: dependencies, targets: targets)
