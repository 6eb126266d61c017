import JSON
import LoRATestSupport
import Testing

@testable import BaseCatalogue

/// States of constant size against those of vLLM's own classes.
@Suite struct StateTests {
  private static var rows: [JSONObject] {
    get throws { try #require(try Fixtures.json("engines/vllm-states.json").array).compactMap(\.object) }
  }

  @Test func statesAreThoseOfTheEngine() throws {
    let rows = try Self.rows
    #expect(Set(rows.compactMap { $0["model_type"]?.string }).count >= 16)
    for row in rows {
      let config = try #require(row["config"]?.object)
      let name: Comment = "\(row["config"]?.text() ?? "")"
      let expected = try #require(row["elements"]?.array).compactMap { $0.int64.map { UInt64($0) } }
      let shared = try #require(row["of_two"]?.array).compactMap { $0.int64.map { UInt64($0) } }
      let state = RecurrentState(config)
      if row["layers"] == 0 {
        #expect(state == nil, name)
        continue
      }
      // Of this type alone the class is not known, so that what a file leaves out is not, either.
      if config["model_type"] == "olmo_hybrid", row["is_written_out"] == nil {
        #expect(state == nil, name)
        continue
      }
      #expect(state.map { [$0.convolution, $0.recurrent].filter { $0 > 0 } } == expected, name)
      #expect(state.map { Int64($0.layers) } == row["layers"]?.int64, name)
      let half = RecurrentState(config, devices: 2)
      #expect(half.map { [$0.convolution, $0.recurrent].filter { $0 > 0 } } == shared, name)
    }
  }

  @Test func statesOfTypesThatNoEngineRunsAreThoseOfTheLibrary() throws {
    let rows = try #require(try Fixtures.json("engines/transformers-states.json").array).compactMap(\.object)
    #expect(rows.count >= 3)
    for row in rows {
      let config = try #require(row["config"]?.object)
      let name: Comment = "\(row["config"]?.text() ?? "")"
      let state = try #require(RecurrentState(config), name)
      #expect(Int64(state.layers) == row["layers"]?.int64, name)
      #expect([state.convolution, state.recurrent].map { .integer(Int64($0)) } == row["elements"]?.array, name)
      #expect(Int64(state.bytes) == row["bytes"]?.int64, name)
      #expect(RecurrentState(config, devices: 2) == nil, name)
    }
  }

  @Test func hostileSizesGiveNoState() {
    for size: JSONValue in [-1, 0, 9_223_372_036_854_775_807, .real(1e300), "x", .null, []] {
      for key in ["hidden_size", "num_hidden_layers", "state_size", "num_heads", "conv_kernel", "expand"] {
        var config: JSONObject = ["model_type": "mamba2", "hidden_size": 64, "num_hidden_layers": 2]
        config[key] = size
        // What is null has the default of its class; zeros are sizes, too.
        if ![.null, 0].contains(size) { #expect(RecurrentState(config) == nil, "\(key) \(size)") }
      }
    }
    #expect(RecurrentState(["model_type": "llama", "num_hidden_layers": 2]) == nil)
    #expect(RecurrentState(["model_type": "mamba2", "num_hidden_layers": 2], devices: 0) == nil)
    #expect(RecurrentState(["model_type": "mamba2", "hidden_size": -1, "num_hidden_layers": 2]) == nil)
  }
}
