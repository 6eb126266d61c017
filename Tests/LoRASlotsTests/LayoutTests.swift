import JSON
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

@Suite struct LayoutTests {
  private func options(_ edit: (inout SlotOptions) -> Void = { _ in }) -> SlotOptions {
    var options = SlotOptions()
    edit(&options)
    return options
  }

  private let linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

  /// Sizes worked out by hand from the shapes of the model: 2,621,440 elements per unit of rank in the linear layers,
  /// 264,704 in embedding and head.
  @Test(arguments: [16, 64, 128, 256])
  func llama318B(rank: UInt64) throws {
    let base = try BaseModel.open(Fixtures.path("bases/llama-3.1-8b.json"))
    let all = try SlotLayout(
      of: base,
      options {
        $0.rank = rank
        $0.slots = 8
      })
    #expect(all.slotBytes == (2_621_440 + 264_704) * rank * 2)
    #expect(all.totalBytes == all.slotBytes * 8)
    #expect(all.modules.count == 32 * 4 + 2)
    #expect(all.buffers.count == 448 + 4)
    #expect(all.stageCount == 34)
    let linears = try SlotLayout(
      of: base,
      options {
        $0.rank = rank
        $0.targetModules = linear
      })
    #expect(linears.slotBytes == 2_621_440 * rank * 2)
    #expect(linears.buffers.count == 448)
    #expect(linears.largestSlotCount(in: 80 << 30) == (80 << 30) / linears.slotBytes)
    #expect(linears.largestSlotCount(in: linears.slotBytes) == 1)
    #expect(linears.largestSlotCount(in: linears.slotBytes - 1) == 0)
  }

  @Test func devicesShareALayer() throws {
    let base = try BaseModel.open(Fixtures.path("bases/llama-3.1-8b.json"))
    let layout = try SlotLayout(
      of: base,
      options {
        $0.tensorParallel = 16
        $0.tensorRank = 15
        $0.isFullySharded = true
      })
    func shapes(_ name: String) -> [Shape] { layout.buffers.filter { $0.module == name }.map(\.shape) }
    #expect(
      shapes("model.layers.0.self_attn.qkv_proj") == [
        [1, 1, 4096], [1, 1, 4096], [1, 1, 4096], [1, 256, 16], [1, 128, 16], [1, 128, 16],
      ])
    #expect(shapes("model.layers.0.mlp.down_proj") == [[1, 16, 896], [1, 256, 16]])
    #expect(shapes("model.embed_tokens") == [[128256, 16], [1, 4096, 16]])
    #expect(shapes("lm_head") == [[1, 16, 4096], [1, 128256, 16]])
  }

  @Test(arguments: SlotScheme.allCases)
  func everyArchitectureOfTheCatalogueHasSlots(_ arrangement: SlotScheme) throws {
    let folder = try TemporaryFolder()
    let names = try Fixtures.catalogueNames()
    #expect(names.count > 40)
    for name in names {
      let cases = try Fixtures.json("catalogue/\(name)")["cases"]?.array ?? []
      for (index, one) in cases.enumerated() {
        let config = try #require(one["config"], "\(name)")
        let path = try folder.write("\(index)-\(name)", config.text(pretty: false))
        let base = try BaseModel.open(path)
        // No adapter reaches these classes: vLLM's for the body (Gemma4ForEmbedding) renames "model.language_model." alone,
        // where the body's own names have no "model."; SGLang's for the whole calls its layers as the body does.
        if config["model_type"] == "gemma4", (arrangement == .sglang) != (config["architectures"] == ["Gemma4Model"]) {
          #expect(throws: SlotLayoutError.self) { try SlotLayout(of: base, options { $0.scheme = arrangement }) }
          continue
        }
        // SGLang fuses q, k and v, and these layers have no v.
        if config["model_type"] == "gemma4_text", config["attention_k_eq_v"] == true, arrangement == .sglang {
          #expect(throws: SlotLayoutError.self) { try SlotLayout(of: base, options { $0.scheme = arrangement }) }
          continue
        }
        let layout = try SlotLayout(of: base, options { $0.scheme = arrangement })
        #expect(layout.slotBytes > 0 && layout.totalBytes >= layout.slotBytes, "\(name)")
        #expect(Set(layout.buffers.map(\.name)).count == layout.buffers.count, "\(name) names a buffer twice")
        // Every factor is as large as its rank times what its side of the layer has.
        let sum = layout.buffers.reduce(0) { $0 + $1.slotBytes }
        #expect(sum == layout.slotBytes && sum % (16 * 2) == 0, "\(name)")
      }
    }
  }

  @Test func optionsThatMakeNoSenseAreRefusedWithAReason() throws {
    let base = try BaseModel.open(Fixtures.path("bases/llama-3.1-8b.json"))
    let cases: [(String, (inout SlotOptions) -> Void)] = [
      ("number of slots", { $0.slots = 0 }), ("number of slots", { $0.slots = .max }), ("rank must", { $0.rank = 0 }),
      ("rank must", { $0.rank = .max }), ("F32, F16 or BF16", { $0.dtype = .i8 }),
      ("cannot be shared", { $0.tensorParallel = 3 }), ("must be below", { $0.tensorParallel = 0 }),
      ("must be below", { $0.tensorRank = 1 }), ("target modules", { $0.targetModules = ["nothing"] }),
      (
        "cannot be shared",
        {
          $0.rank = 1
          $0.tensorParallel = 2
          $0.isFullySharded = true
        }
      ),
    ]
    for (text, edit) in cases {
      let error = #expect(throws: SlotLayoutError.self) { try SlotLayout(of: base, options(edit)) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(text), "\(text)")
    }
  }

  @Test func absurdSizesAreRefusedAndNeverTrap() throws {
    let folder = try TemporaryFolder()
    for (key, value) in [
      ("vocab_size", "1099511627776"), ("hidden_size", "1099511627776"), ("num_hidden_layers", "9223372036854775807"),
      ("num_attention_heads", "0"), ("num_key_value_heads", "1099511627775"), ("intermediate_size", "-1"),
      ("head_dim", "1099511627776"), ("num_attention_heads", "9223372036854775807"),
    ] {
      var config = try Fixtures.json("bases/llama-3.1-8b.json").object ?? JSONObject()
      config[key] = try JSONValue(parsing: Array(value.utf8))
      let path = try folder.write("\(key)-\(value).json", JSONValue.object(config).text())
      guard let base = try? BaseModel.open(path) else { continue }
      for arrangement in SlotScheme.allCases {
        let wide = options {
          $0.scheme = arrangement
          $0.slots = 1 << 20
          $0.rank = 1 << 20
          $0.tensorParallel = 8
        }
        _ = try? SlotLayout(of: base, wide)
        _ = try? SlotLayout(of: base, options { $0.scheme = arrangement })
      }
    }
  }
}

extension Fixtures {
  static func catalogueNames() throws -> [String] {
    try Folder.names(in: path("catalogue")).filter { $0.hasSuffix(".json") }.sorted()
  }
}
