import JSON

/// `tokenizer.json`, as the library tokenizers writes it: `model.vocab`, `model.merges` and `added_tokens`.
struct TokenizerJSON {
  /// Most tokens that can be added to a vocabulary.
  private static let addedLimit = 1 << 18

  private let bytes: [UInt8]
  /// Files that were read before.
  private let known: [VocabularyFile]
  private var builder: TokenListBuilder
  private var added: [AddedToken] = []
  private var vocabulary: WrittenVocabulary?
  private var merges: MergeRules?

  private init(_ bytes: [UInt8], known: [VocabularyFile]) {
    self.bytes = bytes
    self.known = known
    builder = TokenListBuilder(textCount: bytes.count)
  }

  /// Reads a `tokenizer.json`.
  ///
  /// Files of one base mostly have its vocabulary and merges byte for byte, and differ in a line elsewhere: those
  /// stretches are compared with the known ones before they are read.
  static func parse(_ bytes: [UInt8], known: [VocabularyFile]) throws(JSONError) -> VocabularyFile {
    var file = TokenizerJSON(bytes, known: known)
    var reader = JSONReader(bytes.span, dialect: .python)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch (key, try reader.peek()) {
      case ("model", .object): try file.readModel(&reader)
      case ("added_tokens", .array): file.added = try Self.addedTokens(&reader)
      default: try reader.skipWritten()
      }
    }
    try reader.finish()
    guard let vocabulary = file.vocabulary else { throw reader.failure("no model.vocab in it") }
    return VocabularyFile("tokenizer.json", bytes: bytes, vocabulary, added: file.added, merges: file.merges)
  }

  /// Reads a `vocab.json`: an object of tokens and ids.
  static func parse(vocabulary bytes: [UInt8]) throws(JSONError) -> VocabularyFile {
    var file = TokenizerJSON(bytes, known: [])
    var reader = JSONReader(bytes.span, dialect: .python)
    try file.readObject(&reader)
    try reader.finish()
    return VocabularyFile("vocab.json", bytes: bytes, WrittenVocabulary(file.builder.list(over: bytes)))
  }

  private mutating func readModel(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch (key, try reader.peek()) {
      case ("vocab", .object), ("vocab", .array): try readVocabulary(&reader)
      case ("merges", .array): try readMerges(&reader)
      default: try reader.skipWritten()
      }
    }
  }

  private mutating func readVocabulary(_ reader: inout JSONReader) throws(JSONError) {
    let start = reader.position
    let written = known.filter { $0.name == "tokenizer.json" }
    if let same = written.first(where: { stands($0.vocabulary.range, of: $0.vocabulary.tokens.text, at: start) }) {
      vocabulary = same.vocabulary
      return unsafe reader.take { _ in same.vocabulary.range.count }
    }
    builder = TokenListBuilder(textCount: bytes.count)
    if case .object = try reader.peek() { try readObject(&reader) } else { try readPieces(&reader) }
    vocabulary = WrittenVocabulary(builder.list(over: bytes), range: start..<reader.position)
  }

  private mutating func readMerges(_ reader: inout JSONReader) throws(JSONError) {
    let start = reader.position
    let rules = known.lazy.compactMap(\.merges).filter { $0.form == .json }
    if let same = rules.first(where: { stands($0.range, of: $0.text, at: start) }) {
      merges = same
      return unsafe reader.take { _ in same.range.count }
    }
    try reader.skipWritten()
    merges = MergeRules(text: bytes, range: start..<reader.position, form: .json)
  }

  /// Whether a stretch of a known file stands here, which is a whole value there and so here.
  private func stands(_ range: Range<Int>, of text: [UInt8], at start: Int) -> Bool {
    range.count <= bytes.count - start && isSame(text, range, bytes, start..<start + range.count)
  }

  /// Reads `{"token": id, …}`.
  private mutating func readObject(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let token = try reader.nextWrittenKey() {
      let id = try reader.tokenID()
      try add(token, id: id, &reader)
      let stride = VocabularyStride(offset: reader.offset)
      unsafe reader.take { unsafe stride.members($0, into: &builder) }
    }
  }

  /// Reads `[["token", score], …]`, in which the position is the id.
  private mutating func readPieces(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginArray()
    var id: UInt32 = 0
    while try reader.nextElement() {
      try reader.beginArray()
      guard try reader.nextElement() else { throw reader.failure("expected a token and its score") }
      try add(try reader.writtenString(), id: id, &reader)
      while try reader.nextElement() { try reader.skipWritten() }
      id += 1
      let stride = VocabularyStride(offset: reader.offset)
      unsafe reader.take { unsafe stride.pieces($0, id: &id, into: &builder) }
    }
  }

  private mutating func add(_ token: JSONReader.WrittenString, id: UInt32, _ reader: inout JSONReader)
    throws(JSONError)
  {
    guard builder.count < TokenList.limit else { throw .tooManyTokens(at: reader.offset) }
    if token.hasEscapes {
      builder.add(try reader.decoded(token), id: id)
    } else {
      builder.add(token.range, id: id)
    }
  }

  /// Reads `[{"id": 0, "content": "<s>", "special": true, …}, …]`.
  private static func addedTokens(_ reader: inout JSONReader) throws(JSONError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    try reader.beginArray()
    while try reader.nextElement() {
      guard tokens.count < addedLimit else { throw reader.failure("too many added tokens") }
      guard case .object = try reader.peek() else { throw reader.failure("expected an added token") }
      let fields = try reader.addedToken()
      guard let text = fields.text, let id = fields.id else {
        throw reader.failure("an added token without id or content")
      }
      tokens.append(AddedToken(text: text, id: id, isSpecial: fields.isSpecial))
    }
    return tokens
  }

  /// Reads `{"0": {"content": "<s>", "special": true, …}, …}`, the `added_tokens_decoder` of `tokenizer_config.json`.
  static func addedTokensDecoder(_ reader: inout JSONReader) throws(JSONError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard tokens.count < addedLimit else { throw reader.failure("too many added tokens") }
      guard let id = UInt32(key) else { throw reader.failure("expected an id as key") }
      let fields = try reader.addedToken()
      guard let text = fields.text else { throw reader.failure("an added token without content") }
      tokens.append(AddedToken(text: text, id: id, isSpecial: fields.isSpecial))
    }
    return tokens
  }

  /// Reads an `added_tokens.json`: `{"<pad>": 32000, …}`.
  static func parse(added bytes: [UInt8]) throws(JSONError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    var reader = JSONReader(bytes.span, dialect: .python)
    try reader.beginObject()
    while let text = try reader.nextKey() {
      guard tokens.count < addedLimit else { throw reader.failure("too many added tokens") }
      tokens.append(AddedToken(text: text, id: try reader.tokenID(), isSpecial: nil))
    }
    try reader.finish()
    return tokens
  }
}

extension JSONReader {
  /// What an object or a string says of a token.
  struct TokenFields {
    var text: String?
    var id: UInt32?
    var isSpecial: Bool?
  }

  /// Reads a token: a plain string, an object with `content`, or anything else, which says nothing.
  mutating func addedToken() throws(JSONError) -> TokenFields {
    var fields = TokenFields()
    switch try peek() {
    case .string: fields.text = try string()
    case .object:
      try beginObject()
      while let key = try nextKey() {
        switch (key, try peek()) {
        case ("content", .string): fields.text = try string()
        case ("id", .number): fields.id = try tokenID()
        case ("special", .bool): fields.isSpecial = try bool()
        default: try skipWritten()
        }
      }
    default: try skipWritten()
    }
    return fields
  }

  mutating func tokenID() throws(JSONError) -> UInt32 {
    guard let id = UInt32(exactly: try unsignedInteger()) else { throw failure("an id above 2^32 - 1") }
    return id
  }
}
