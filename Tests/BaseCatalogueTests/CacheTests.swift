import JSON
import LoRATestSupport
import Testing

@testable import BaseCatalogue

/// Key-value caches from a type's name alone, or little more, against those of transformers' own models.
@Suite struct CacheTests {
  private static var rows: [JSONObject] {
    get throws { try #require(try Fixtures.json("engines/transformers-caches.json").array).compactMap(\.object) }
  }

  @Test func layersAndElementsAreThoseOfTheLibrary() throws {
    let rows = try Self.rows
    #expect(rows.count > 120)
    for row in rows {
      let config = try #require(row["config"]?.object)
      let name: Comment = "\(config)"
      let layers = try #require(row["layers"]?.object)
      func count(_ kind: String) -> UInt64 { layers[kind]?.int64.flatMap { UInt64(exactly: $0) } ?? 0 }
      let (shape, mixers) = (AttentionShape(config), LayerMixers(config))
      let attending = (mixers?.attending ?? shape.layers ?? 0) * UnevenCaches.attentionsPerLayer(config)
      #expect(attending == count("full") + count("windowed"), name)
      #expect(mixers?.stateful ?? 0 == count("stateful") && mixers?.none ?? 0 == count("none"), name)
      #expect(mixers?.shared ?? 0 == count("shared"), name)
      if let latent = row["latent"]?.array {
        #expect(latent.map(\.int64) == [shape.latent?.width, shape.latent?.rotary].map { $0.map { Int64($0) } }, name)
      } else if let groups = UnevenCaches.groups(config) {
        let elements = groups.reduce(0) { $0 + $1.layers * $1.heads * ($1.keyWidth + $1.valueWidth) }
        #expect(Int64(elements) == row["elements"]?.int64, name)
      } else if let elements = row["elements"]?.int64 {
        let heads = try #require(shape.keyValueHeads, name)
        let width = try #require(shape.headWidth, name)
        #expect(Int64(attending * 2 * heads * width) == elements, name)
      }
      #expect(shape.queryHeads.map { Int64($0) } == row["heads"]?.int64, name)
    }
  }

  @Test func sectionsThatAreLeftOutHaveTheirUsualModel() throws {
    let llava = AttentionShape(["model_type": "llava"])
    #expect((llava.layers, llava.queryHeads, llava.headWidth) == (32, 32, 128))
    let qwen = AttentionShape(["model_type": "qwen3_vl", "text_config": ["num_hidden_layers": 4]])
    #expect((qwen.layers, qwen.keyValueHeads, qwen.headWidth) == (4, 32, 128))
  }

  @Test func layersThatDifferInAnUnknownWayHaveNoCache() throws {
    let sizes: JSONObject = [
      "model_type": "gemma4_text", "num_hidden_layers": 12,
      "per_layer_config": ["05": ["head_dim": 512], "11": ["head_dim": 256]],
    ]
    #expect(UnevenCaches.groups(sizes) == [])
    for loops: JSONValue in [-1, 0, 9_223_372_036_854_775_807, "x", .null] {
      let dory: JSONObject = ["model_type": "dory", "n_recurrent_loops": loops]
      #expect(UnevenCaches.groups(dory) == [], "\(loops)")
    }
    #expect(UnevenCaches.groups(["model_type": "llama"]) == nil)
  }

  @Test func whatIsNotKnownIsNoGuess() throws {
    #expect(AttentionShape(["model_type": "unheard_of"]).layers == nil)
    #expect(AttentionShape(["model_type": "clip_vision_model"]).layers == nil)
    let listed = AttentionShape(["model_type": "llama", "num_attention_heads": 8, "num_key_value_heads": [1, 2]])
    #expect(listed.keyValueHeads == nil && listed.queryHeads == 8)
    #expect(AttentionShape(["model_type": "llama", "num_hidden_layers": -1]).layers == nil)
    #expect(AttentionShape(["model_type": "llama", "head_dim": "x"]).headWidth == nil)
  }
}
