import JSON
import LoRAIO
import LoRAModel
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRAInspect

/// Modules whose deltas stand far out from those of the modules like them.
@Suite struct OutlierTests {
  private func names(_ values: [Double]) -> [String] {
    Outlier.all(among: values.enumerated().map { ("m\($0.offset)", $0.element) }, .deltaFrobenius).map(\.module)
  }

  @Test func onlyFarValuesStandOut() throws {
    let usual = [1.0, 1.1, 0.9, 1.05, 0.95, 1.2, 0.85]
    #expect(names(usual).isEmpty)
    #expect(names(usual + [8]) == ["m7"])
    #expect(names(usual + [0.1, 9]) == ["m7", "m8"])
    // A wide spread has no outlier, a value beyond it is one.
    #expect(names([1, 2, 3, 4, 5, 6]).isEmpty)
    #expect(names([1, 2, 4, 8, 16, 1e6]) == ["m5"])
    // Alike to the last digit: what is not much larger does not count, what is does, with a finite score.
    #expect(names([1, 1, 1, 1, 1, 1.4]).isEmpty)
    let found = try #require(
      Outlier.all(among: [1, 1, 1, 1, 1, 2].map { ("", $0) }, .relativeDelta).first)
    #expect(found.score > Outlier.scoreLimit && found.score < 100)
    #expect(found.value == 2 && found.median == 1)
    #expect(names([1, 1, 1, 100]).isEmpty, "too few to say what is usual")
    #expect(names([]).isEmpty)
  }

  /// The score is (x − median) / (1.4826 · median distance).
  @Test func scoreIsTheRobustOne() throws {
    let found = Outlier.all(among: [1.0, 2, 4, 8, 16, 106].map { ("", $0) }, .deltaFrobenius)
    // Median 6, distances 5 4 2 2 10 100, their median 4.5.
    #expect(abs(try #require(found.first).score - 100 / (1.4826 * 4.5)) < 1e-12)
    #expect(found.count == 1)
  }

  @Test func textAndJSONNameThem() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    for layer in 0..<6 {
      let values = (0..<4).map { Float($0 + 1) * (layer == 3 ? 10 : 1) }
      for module in ["q_proj", "v_proj"] where module == "q_proj" || layer != 3 {
        builder.add("base_model.model.layers.\(layer).\(module).lora_A.weight", .f32, [1, 4], values: values)
        builder.add("base_model.model.layers.\(layer).\(module).lora_B.weight", .f32, [4, 1], values: values)
      }
    }
    let adapter = Adapter.load(try folder.write("adapter_model.safetensors", builder))
    let inspection = Inspection(adapter, statistics: try AdapterStatistics(of: adapter, workers: 2))
    #expect(inspection.outliers.map(\.module) == ["layers.3.q_proj"])
    let lines = inspection.text().filter { $0.contains("outlier") }
    #expect(lines.count == 1 && lines[0].contains("layers.3.q_proj: ‖ΔW‖") && lines[0].contains("100.00 times"))
    #expect(inspection.markdown().contains { $0.hasPrefix("- outlier  layers.3.q_proj") })
    let json = try #require(inspection.json()["outliers"]?.array)
    #expect(json.count == 1 && json[0]["measure"]?.string == "delta_frobenius" && json[0]["score"]?.double != nil)
    #expect(Inspection(adapter).outliers.isEmpty && Inspection(adapter).json()["outliers"] == nil)
    withExtendedLifetime(folder) {}
  }
}
