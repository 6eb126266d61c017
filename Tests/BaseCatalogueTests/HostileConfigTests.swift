import JSON
import Testing

@testable import BaseCatalogue

/// Hostile configurations.
@Suite struct HostileConfigTests {
  @Test(
    arguments: [
      #"{"num_hidden_layers": 1000000000000000000}"#, #"{"num_hidden_layers": 9223372036854775807}"#,
      #"{"num_hidden_layers": 300000}"#, #"{"num_hidden_layers": -1}"#, #"{"num_hidden_layers": "32"}"#,
      #"{"num_hidden_layers": 2.5}"#, #"{"num_hidden_layers": null}"#, #"{"num_hidden_layers": [32]}"#,
      #"{"num_attention_heads": 0}"#, #"{"hidden_size": 4611686018427387904}"#, #"{"hidden_size": 1099511627776}"#,
      #"{"head_dim": 1099511627776}"#, #"{"vocab_size": 1e30}"#, #"{"attention_bias": "yes"}"#,
      #"{"tie_word_embeddings": 1}"#, #"{"architectures": "LlamaForCausalLM"}"#, #"{"architectures": [1]}"#,
    ])
  func absurdValuesAreErrorsNeverTraps(_ changes: String) throws {
    var object = try #require(try parsed(changes).object)
    object["model_type"] = "llama"
    #expect(throws: CatalogueError.self) { try Catalogue.describe(.object(object)) }
  }

  @Test func anErrorNamesTheJSONPathWhatWasExpectedAndWhatWasFound() throws {
    let config = try parsed(#"{"model_type": "llama", "num_hidden_layers": -3}"#)
    #expect(
      throws: CatalogueError.value(
        path: "num_hidden_layers", expected: "an integer from 0 to 2^40", found: "-3")
    ) { try Catalogue.describe(config) }
  }

  @Test(arguments: ["[]", "3", "{}", #"{"model_type": 3}"#, #"{"model_type": "new"}"#])
  func aConfigurationThatIsNone(_ text: String) throws {
    let config = try parsed(text)
    #expect(throws: CatalogueError.self) { try Catalogue.describe(config) }
  }

  /// Every value of a small configuration of each architecture is replaced by every nasty one: an error or a
  /// description, never a trap, and never more modules than the limit.
  @Test(arguments: Reference.files.keys.sorted())
  func mutatedConfigurations(_ modelType: String) throws {
    let nasty: [JSONValue] = [
      .null, .bool(true), .integer(-1), .integer(0), .integer(1), .integer(262_145), .integer(.max), .integer(.min),
      .real(1e300), .string("\u{202E}x"), .array([]), .array([.integer(.max)]), .object(JSONObject()),
    ]
    var described = 0
    var refused = 0
    for reference in (Reference.files[modelType] ?? []).dropFirst().prefix(1) {
      for (path, _) in leaves(reference.config, depth: 0) {
        for value in nasty {
          do {
            let description = try Catalogue.describe(replaced(reference.config, path[...], value))
            #expect(description.modules.count <= BaseDescription.moduleLimit)
            described += 1
          } catch {
            #expect(!error.description.isEmpty)
            refused += 1
          }
        }
      }
    }
    #expect(described > 0 && refused > 0)
  }

  @Test(.timeLimit(.minutes(1)))
  func aLongListOfLayersCostsItsLengthOnceNotOnceForEveryLayer() throws {
    let list = JSONValue.array((0..<200_000).map { .integer(Int64($0)) })
    for (modelType, key) in [("qwen3_moe", "mlp_only_layers"), ("llama4_text", "moe_layers")] {
      var object = JSONObject()
      object["model_type"] = .string(modelType)
      object["num_hidden_layers"] = 5000
      object["num_local_experts"] = 1
      object[key] = list
      #expect(try Catalogue.describe(.object(object)).layerCount("model.layers") == 5000)
    }
  }

  @Test func arithmeticOnSizesNeverTraps() {
    let all: [Size] = [
      0, 1, 2, Size(exactly: Size.limit), .invalid, Size(exactly: UInt64(exactly: -1)), Size(exactly: .max),
    ]
    for left in all {
      for right in all {
        for result in [left + right, left - right, left * right, left / right, Size.max(left, right)] {
          #expect(result.value ?? 0 <= Size.limit)
        }
      }
    }
    #expect((7 as Size) / 2 == 3)
    #expect((7 as Size) / 0 == .invalid)
    #expect((2 as Size) - 3 == .invalid)
  }

  private func parsed(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

  /// Paths of all members, sections included.
  private func leaves(_ value: JSONValue, depth: Int) -> [([String], JSONValue)] {
    guard depth < 3, let object = value.object else { return [] }
    return object.members.flatMap { member in
      [([member.key], member.value)]
        + leaves(member.value, depth: depth + 1).map { ([member.key] + $0.0, $0.1) }
    }
  }

  private func replaced(_ value: JSONValue, _ path: ArraySlice<String>, _ leaf: JSONValue) -> JSONValue {
    guard let key = path.first, var object = value.object else { return leaf }
    object[key] = replaced(object[key] ?? .null, path.dropFirst(), leaf)
    return .object(object)
  }
}
