import CLoRALoader
import Foundation
import LoRATestSupport
import TensorCore
import Testing

@testable import CUDADriver

/// The status that the C header promises for what can be wrong with an adapter or a call.
extension CUDATests.LoaderTests {
  /// An adapter for the first attention of the small llama, right as it stands, and ways to spoil it.
  private struct Made {
    var config: [UInt8]?
    var method = "LORA"
    var module = "base_model.model.model.layers.0.self_attn.q_proj"
    var (dtype, rank, inputs) = (DType.f32, UInt64(4), UInt64(40))
    /// Bytes that are left of the weights; nil for all.
    var cut: Int?
    var weights: [UInt8]?
    var weightsName = "adapter_model.safetensors"
    var hasConfig = true

    var ownConfig: String {
      #"{"peft_type": "\#(method)", "r": \#(rank), "lora_alpha": 8, "target_modules": ["q_proj"]}"#
    }

    func write(_ folder: TemporaryFolder, _ name: String) throws -> String {
      var file = SafetensorsBuilder()
      file.add("\(module).lora_A.weight", dtype, [rank, inputs])
      file.add("\(module).lora_B.weight", dtype, [48, rank])
      let target = folder.path("whole-\(name)")
      try file.write(to: target)
      let bytes = try weights ?? [UInt8](Data(contentsOf: URL(fileURLWithPath: target)))
      try folder.write("\(name)/\(weightsName)", cut.map { Array(bytes.prefix($0)) } ?? bytes)
      if hasConfig { try folder.write("\(name)/adapter_config.json", config ?? Array(ownConfig.utf8)) }
      return folder.path(name)
    }
  }

  private static func made(_ change: (inout Made) -> Void) -> Made {
    var made = Made()
    change(&made)
    return made
  }

  @Test(arguments: ["host", "cuda:0"]) func adaptersGetTheStatusOfWhatIsWrongWithThem(_ device: String) throws {
    let pool = unsafe try open(device)
    defer { unsafe LoaderLibrary.close(pool) }
    let folder = try TemporaryFolder()
    let cases: [(String, Made, Int)] = [
      ("cut off in the data", Self.made { $0.cut = 600 }, LORA_UNREADABLE),
      ("cut off in the header", Self.made { $0.cut = 100 }, LORA_UNREADABLE),
      ("empty", Self.made { $0.cut = 0 }, LORA_UNREADABLE),
      ("a text", Self.made { $0.weights = Array("no tensors, a text".utf8) }, LORA_UNREADABLE),
      ("a pickle", Self.made { $0.weightsName = "adapter_model.bin" }, LORA_UNREADABLE),
      ("no weights", Self.made { $0.weightsName = "README.md" }, LORA_UNREADABLE),
      ("no config", Self.made { $0.hasConfig = false }, LORA_UNREADABLE),
      ("a config that is cut off", Self.made { $0.config = Array($0.ownConfig.utf8.dropLast(9)) }, LORA_UNREADABLE),
      (
        "a rank of zero", Self.made { $0.config = Array($0.ownConfig.replacing(": 4", with: ": 0").utf8) },
        LORA_UNREADABLE
      ),
      ("integers", Self.made { $0.dtype = .i32 }, LORA_UNSUPPORTED),
      ("too large a rank", Self.made { $0.rank = 64 }, LORA_UNSUPPORTED),
      ("another width", Self.made { $0.inputs = 41 }, LORA_UNSUPPORTED),
      ("another module", Self.made { $0.module += "_of_another_model" }, LORA_UNSUPPORTED),
      ("another method", Self.made { $0.method = "LOHA" }, LORA_UNSUPPORTED),
    ]
    for (name, made, wanted) in cases {
      let path = try made.write(folder, name)
      let status = unsafe LoaderLibrary.add(pool, path)
      #expect(status == wanted, "\(name): \(status), \(LoaderLibrary.lastError)")
      #expect(LoaderLibrary.lastError.contains(name), "\(LoaderLibrary.lastError)")
    }
    #expect(unsafe LoaderLibrary.add(pool, folder.path("not there")) == LORA_UNREADABLE)
    #expect(unsafe LoaderLibrary.add(pool, try Made().write(folder, "right")) > 0, "\(LoaderLibrary.lastError)")
  }

  @Test func callsGetTheStatusOfWhatIsWrongWithThem() throws {
    func opening(_ change: (inout lora_pool_options) -> Void) -> Int32 {
      var pool: LoaderLibrary.Pool = nil
      return unsafe Fixtures.path("models/llama-bf16-sharded").withCString { base in
        var options = unsafe lora_pool_options()
        unsafe options.base = base
        unsafe change(&options)
        defer { unsafe LoaderLibrary.close(pool) }
        return unsafe LoaderLibrary.open(options, &pool)
      }
    }
    func named(_ field: WritableKeyPath<lora_pool_options, UnsafePointer<CChar>?>, _ text: String) -> Int32 {
      unsafe text.withCString { text in unsafe opening { unsafe $0[keyPath: field] = text } }
    }
    #expect(unsafe opening { _ in } == LORA_OK)
    #expect(unsafe named(\.base, "/not/there") == LORA_UNREADABLE)
    #expect(unsafe named(\.device, "gpu") == LORA_INVALID)
    #expect(unsafe named(\.device, "cuda:one") == LORA_INVALID)
    #expect(unsafe named(\.device, "cuda:9") == LORA_UNAVAILABLE)
    #expect(unsafe named(\.dtype, "int8") == LORA_INVALID)
    #expect(unsafe named(\.layout, "paged") == LORA_INVALID)
    #expect(unsafe named(\.target_modules, "no_such_proj") == LORA_INVALID)
    #expect(unsafe opening { unsafe $0.adapter_bytes = 1 << 62 } == LORA_NO_MEMORY)
    #expect(unsafe opening { unsafe $0.max_cpu_loras = 1 << 40 } == LORA_INVALID)
    FakeDriver.limitMemory(1 << 10)
    #expect(unsafe named(\.device, "cuda:0") == LORA_NO_MEMORY)
    FakeDriver.reset(.lazy)
    let pool = unsafe try open("cuda:0")
    defer { unsafe LoaderLibrary.close(pool) }
    let number = unsafe LoaderLibrary.add(pool, adapter("llama-layers"))
    // Memory of another owner is refused before a kernel writes there.
    var buffer = lora_buffer()
    #expect(unsafe LoaderLibrary.describe(pool, 0, &buffer) == LORA_OK)
    let bytes = buffer.slot_bytes
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 1)
    let other = try DeviceBuffer(context, count: Int(2 * bytes))
    let pinned = try PinnedBuffer(context, count: Int(2 * bytes))
    let small = FakeDriver.engineMemory(bytes)
    defer { FakeDriver.freeEngineMemory(small) }
    let host = unsafe UInt64(UInt(bitPattern: pinned.bytes.baseAddress))
    // Behind the small one lies what the allocator put there: nothing, or the other device's memory.
    let refusals = [(other.address, ["cuda:1"]), (host, ["not the GPU's"]), (small, ["not the GPU's", "cuda:1"])]
    for (address, reasons) in refusals {
      #expect(unsafe LoaderLibrary.bind(pool, 0, address, bytes) == LORA_INVALID)
      let error = LoaderLibrary.lastError
      #expect(reasons.contains { error.contains($0) }, "\(error)")
    }
    #expect(unsafe LoaderLibrary.load(pool, 0, 0) == LORA_GONE)
    #expect(unsafe LoaderLibrary.load(pool, -5, 0) == LORA_GONE)
    #expect(unsafe LoaderLibrary.load(pool, .min, 0) == LORA_GONE)
    #expect(unsafe LoaderLibrary.load(pool, number, 2) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.loadMany(pool, [number, number], [0, 0]) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.wait(pool, 2) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.evict(pool, .max) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.release(pool, 0, 1) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.pin(pool, 99) == LORA_GONE)
    #expect(unsafe LoaderLibrary.acquire(pool, [number, number, number]).status == LORA_INVALID)
    #expect(unsafe LoaderLibrary.load(pool, number, 0) == LORA_OK)
    #expect(unsafe LoaderLibrary.acquire(pool, [number]).status == LORA_INVALID)
    #expect(unsafe LoaderLibrary.read(pool, 0, 0, count: 1).isEmpty)
    FakeDriver.fail("cuLaunchKernel", result: 719)
    #expect(unsafe LoaderLibrary.load(pool, number, 1) == LORA_DEVICE)
  }
}
