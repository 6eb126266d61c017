import LoRAEngines
import LoRAInspect
import LoRAModel
import LoRATestSupport
import LoRAValidate

/// A whole adapter, config and weights, through every check and every form of report.
struct AdapterTarget: FuzzTarget {
  let name = "adapter"
  private let scratch = Scratch()
  private let base: BaseModel?

  init() {
    base = (try? scratch.write(Array(BaseTarget.text.utf8), as: "base.json")).flatMap { try? BaseModel.open($0) }
  }

  private static let header = #"""
    {"__metadata__":{"format":"pt"},"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight":{"dtype":"F32",
    "shape":[2,16],"data_offsets":[0,128]},"base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight":{"dtype":"F32",
    "shape":[16,2],"data_offsets":[128,256]},"base_model.model.model.layers.1.mlp.down_proj.lora_A.weight":{"dtype":"BF16",
    "shape":[2,32],"data_offsets":[256,384]},"base_model.model.model.layers.1.mlp.down_proj.lora_B.weight":{"dtype":"F16",
    "shape":[16,2],"data_offsets":[384,448]}}
    """#

  func seeds() -> [[UInt8]] {
    let header = Array(Self.header.utf8)
    let data = (0..<Frame.declaredBytes(header)).map { UInt8(truncatingIfNeeded: $0 * 7) }
    return ConfigTarget().seeds().map { Parts.joined([$0, Frame.bytes(header, data)]) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    Parts.mutate(
      &input, &random, [{ ConfigTarget.mutation.mutate(&$0, &$1) }, { FrameMutation().mutate(&$0, &$1) }])
  }

  func run(_ input: [UInt8]) throws(Violation) {
    let parts = Parts.split(input, count: 2)
    try scratch.write(parts[0], as: "adapter_config.json")
    let path = try scratch.write(parts[1], as: "adapter_model.safetensors")
    var options = ValidationOptions()
    options.engine = Engine.all.first
    let report = Validation.run([path], base: base, options: options)
    try Terminal.check(report.text(), "the text report")
    try Terminal.check(report.github(), "the GitHub report")
    try Terminal.check(report.junit(), "the JUnit report")
    try Terminal.check(document: report.json(toolVersion: "0"), "the JSON report")
    try Terminal.check(document: report.sarif(toolVersion: "0"), "the SARIF report")
    let inspection = Inspection(Adapter.load(path), base: base)
    for line in inspection.text(tensors: true) + inspection.markdown(tensors: true) {
      try Terminal.check(line, "the inspection")
    }
    try Terminal.check(document: inspection.json(tensors: true), "the inspection")
  }
}
