package import JSON

/// What a judge is asked: whether one adapter may be served.
package struct Question: Sendable, Equatable {
  /// Path or address of the adapter, as it was given.
  package var adapter: String
  /// Name of the base among those that the server was started with; nil checks without a base.
  package var base: String?
  /// The engine to check for, with or without a release, in place of the server's own.
  package var engine: String?
  /// `max_lora_rank` of the engine in place of the server's own.
  package var maxLoRARank: UInt64?
  /// The type that the engine holds adapters in, in place of the server's own.
  package var servingDType: String?
  /// `error` or `warning`, in place of the server's own failing level.
  package var failOn: String?

  /// Whether the engine that loads the adapter takes a folder alone, as the engines behind the custom resources do.
  package var wantsFolder = false

  /// A question about one adapter, with the server's own options.
  package init(adapter: String, base: String? = nil) {
    self.adapter = adapter
    self.base = base
  }
}

/// Why a request cannot be understood.
package struct BadRequest: Error, Equatable {
  /// One sentence: where, expected, found.
  package let sentence: String

  /// A reason.
  package init(_ sentence: String) { self.sentence = sentence }
}

extension Question {
  private static let keys = ["adapter", "base", "engine", "max_lora_rank", "serving_dtype", "fail_on"]

  /// The question in the body of a plain request.
  ///
  /// A key that is not known is refused: a misspelt option that is passed over would make a verdict about something
  /// else.
  package init(parsing body: [UInt8]) throws(BadRequest) {
    let value = try JSONValue(body: body)
    guard let object = value.object else { throw BadRequest("the body is \(value.kindName), not a JSON object") }
    for key in object.keys where !Self.keys.contains(key) {
      throw BadRequest(
        "the key \"\(escaped(key, limit: 80))\" is not known; known are \(Self.keys.joined(separator: ", "))")
    }
    guard let adapter = try object.text("adapter") else {
      throw BadRequest("the key \"adapter\" is missing: the path or address of an adapter is expected")
    }
    self.init(adapter: adapter, base: try object.text("base"))
    engine = try object.text("engine")
    servingDType = try object.text("serving_dtype")
    failOn = try object.text("fail_on")
    if let rank = object["max_lora_rank"], !rank.isNull {
      guard let number = rank.int64.flatMap({ UInt64(exactly: $0) }), number > 0 else {
        throw BadRequest("\"max_lora_rank\" is \(rank.kindName) where a whole number from 1 on is expected")
      }
      maxLoRARank = number
    }
  }

  /// The same as the body of a plain request.
  package var json: JSONValue {
    var object: JSONObject = ["adapter": .string(adapter)]
    object["base"] = base.map { .string($0) }
    object["engine"] = engine.map { .string($0) }
    object["max_lora_rank"] = maxLoRARank.map { JSONValue($0) }
    object["serving_dtype"] = servingDType.map { .string($0) }
    object["fail_on"] = failOn.map { .string($0) }
    return .object(object)
  }
}

extension JSONValue {
  /// The one document that a body must be.
  init(body: [UInt8]) throws(BadRequest) {
    do throws(JSONError) { try self.init(parsing: body) } catch {
      throw BadRequest("the body is not JSON: \(escaped("\(error)", limit: 400))")
    }
  }
}

extension JSONObject {
  /// The text of a member; nil where it is missing or null.
  func text(_ key: String) throws(BadRequest) -> String? {
    guard let value = self[key], !value.isNull else { return nil }
    guard let text = value.string else {
      throw BadRequest("\"\(key)\" is \(value.kindName) where a string is expected")
    }
    return text
  }
}
