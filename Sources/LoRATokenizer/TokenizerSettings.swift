import JSON

/// What the small files say: `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`.
struct TokenizerSettings {
  /// The token of each role (`eos_token`, …) that is filled.
  private(set) var roles: [TokenizerRole: String] = [:]
  /// Every token that is named without an id; libraries add those that the vocabulary lacks.
  private(set) var named: Set<String> = []
  /// Added tokens with their ids; nil when no file lists them.
  private(set) var added: [AddedToken]?
  /// Chat templates by name, from the config.
  private(set) var templates: [String: String] = [:]

  /// The files.
  static let names = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]

  /// Whether `tokenizer_config.json` lists the added tokens; libraries then leave the older files alone.
  private var hasDecoder = false

  /// Tokens that can be named beside the roles.
  private static let namedLimit = 1 << 18

  /// Reads the files of a folder as transformers does, of which some may be missing.
  static func read(_ folder: (String) -> String, problems: inout [TokenizerProblem]) -> (TokenizerSettings, isAny: Bool)
  {
    var settings = TokenizerSettings()
    var isAny = false
    func each(_ name: String, _ body: ([UInt8]) throws(JSONError) -> Void) {
      let path = folder(name)
      do throws(TokenizerProblem) {
        guard let bytes = try TokenizerFiles.bytes(path, limit: TokenizerFiles.limit) else { return }
        isAny = true
        do throws(JSONError) { try body(bytes) } catch { throw TokenizerProblem(path, error) }
      } catch {
        problems.append(error)
      }
    }
    each("tokenizer_config.json") { bytes throws(JSONError) in try settings.readConfig(bytes) }
    guard !settings.hasDecoder else { return (settings, isAny) }
    each("special_tokens_map.json") { bytes throws(JSONError) in try settings.readConfig(bytes) }
    each("added_tokens.json") { bytes throws(JSONError) in settings.added = try TokenizerJSON.parse(added: bytes) }
    return (settings, isAny)
  }

  /// Reads a config, or a map, which has a part of its members.
  private mutating func readConfig(_ bytes: [UInt8]) throws(JSONError) {
    var reader = JSONReader(bytes.span, dialect: .python)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch (key, try reader.peek()) {
      case ("additional_special_tokens", _), ("extra_special_tokens", _): try readNames(&reader)
      case ("added_tokens_decoder", .object):
        added = try TokenizerJSON.addedTokensDecoder(&reader)
        hasDecoder = true
      case ("chat_template", _): templates = try ChatTemplate.templates(&reader)
      default:
        guard key.hasSuffix("_token") else {
          try reader.skipWritten()
          continue
        }
        guard let token = try reader.addedToken().text, !token.isEmpty else { continue }
        if let role = TokenizerRole(rawValue: key) { roles[role] = token }
        named.insert(token)
      }
    }
    try reader.finish()
  }

  /// Reads a list of tokens, or an object of them (transformers 5).
  private mutating func readNames(_ reader: inout JSONReader) throws(JSONError) {
    switch try reader.peek() {
    case .array:
      try reader.beginArray()
      while try reader.nextElement() { try readName(&reader) }
    case .object:
      try reader.beginObject()
      while try reader.nextWrittenKey() != nil { try readName(&reader) }
    default: try reader.skipWritten()
    }
  }

  private mutating func readName(_ reader: inout JSONReader) throws(JSONError) {
    guard named.count < Self.namedLimit else { throw reader.failure("too many special tokens") }
    if let token = try reader.addedToken().text { named.insert(token) }
  }
}

/// What a special token is for.
package enum TokenizerRole: String, Sendable, CaseIterable {
  case beginning = "bos_token"
  case end = "eos_token"
  case unknown = "unk_token"
  case separator = "sep_token"
  case padding = "pad_token"
  case classification = "cls_token"
  case mask = "mask_token"
}
