import JSON
import LoRADeltas
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRASurgery

/// A conversion with the words of its command line.
struct Conversion: Sendable, CustomStringConvertible {
  let input: String
  var target = ""
  private var base: String?
  private var fusing: ConversionOptions.Fusing?
  private var dtype: DType?
  var prefix: String?

  /// Reads `INPUT --to TARGET [--base BASE] [--fuse NAME] [--unfuse] [--dtype TYPE]`, with paths below `testdata`.
  init(_ words: [String]) {
    input = words[0]
    var rest = words.dropFirst()
    while let word = rest.popFirst() {
      switch word {
      case "--to": target = rest.popFirst() ?? ""
      case "--base": base = rest.popFirst()
      case "--fuse": fusing = rest.popFirst().map { .into($0) }
      case "--unfuse": fusing = .unfuse
      case "--prefix": prefix = rest.popFirst()
      case "--dtype": dtype = ["bf16": DType.bf16, "f16": .f16, "f32": .f32][rest.popFirst() ?? ""]
      default: break
      }
    }
  }

  init(_ words: String) { self.init(words.split(separator: " ").map { String($0) }) }

  var description: String { "\(input) to \(target)" }

  private var format: any ConversionTarget {
    switch target {
    case "kohya": KohyaTarget()
    case "diffusers": DiffusersTarget()
    case "mlx": MLXTarget()
    case "torchtune": TorchtuneTarget()
    case "gguf": GGUFTarget()
    case "trtllm": TensorRTLLMTarget()
    default: PEFTTarget()
    }
  }

  /// Plans it.
  func plan() throws -> ConversionPlan {
    let base = try base.map { ConversionBase(try BaseModel.open(Self.path($0))) }
    let input = try ConversionInput(Adapter.load(Self.path(input)), base: base)
    var options = ConversionOptions(record: SurgeryRecord("convert", toolVersion: "0", options: [:], inputs: []))
    (options.fusing, options.dtype, options.prefix) = (fusing, dtype, prefix)
    return try format.plan(input, options)
  }

  /// Writes it to a path; a file there keeps its name.
  @discardableResult
  func write(to path: String, workers: Int = 2) throws -> ConversionPlan {
    let plan = try plan()
    let writer = DraftWriter(workers: workers)
    switch plan.output {
    case .folder(let draft): try writer.write(draft, folder: path, overwrites: false)
    case .file(let file): try writer.write(file, to: path, overwrites: false)
    }
    return plan
  }

  private static func path(_ name: String) -> String { name.hasPrefix("/") ? name : Fixtures.path(name) }
}

/// The deltas of an adapter, by module: every expert's s·B·A, column by column.
func deltas(of path: String) throws -> [String: [Double]] {
  let adapter = Adapter.load(path.hasPrefix("/") ? path : Fixtures.path(path))
  let file = try #require(adapter.file)
  var found: [String: [Double]] = [:]
  for module in adapter.modules {
    let pair = try adapter.pair(of: module)
    for expert in 0..<pair.experts {
      let a = try pair.values(pair.a, expert: expert, from: file)
      let b = try pair.values(pair.b, expert: expert, from: file)
      for column in 0..<a.rows {
        for row in 0..<b.rows {
          var sum = 0.0
          for rank in 0..<a.columns { sum += b[row, rank] * a[column, rank] }
          found[module.name, default: []].append(pair.scale * sum)
        }
      }
    }
  }
  return found
}
