import LoRATestSupport
import LoRATokenizer
import Testing

/// What each file of a tokenizer says, right or wrong.
@Suite struct ReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The tokenizer of a folder with these files.
  private func read(_ files: [String: String]) throws -> Tokenizer {
    let name = "t\(UInt64.random(in: 0 ... .max))"
    for (file, text) in files { try folder.write("\(name)/\(file)", text) }
    return try #require(TokenizerReader().read(folder.path(name)))
  }

  private func tokens(_ tokenizer: Tokenizer) -> [Token] {
    tokenizer.tokens.map { list in (0..<list.count).map { list.token(at: $0) } } ?? []
  }

  @Test func aFolderWithoutFilesHasNone() throws {
    #expect(TokenizerReader().read(folder.path) == nil)
    #expect(!Tokenizer.lies(in: folder.path))
    try folder.write("chat_template.jinja", "x")
    #expect(Tokenizer.lies(in: folder.path))
  }

  @Test func escapesAreRead() throws {
    let tokenizer = try read([
      "tokenizer.json": #"{"added_tokens":[],"model":{"vocab":{"\"":0,"a\\b":1,"\u0120the":2,"é":3,"\ud83d\ude00":4}}}"#
    ])
    #expect(tokens(tokenizer).map(\.text) == ["\"", "a\\b", "Ġthe", "é", "😀"])
    #expect(tokens(tokenizer).map(\.id) == [0, 1, 2, 3, 4])
  }

  @Test func listsOfPiecesCountFromZero() throws {
    let tokenizer = try read([
      "tokenizer.json": #"{"model":{"type":"Unigram","vocab":[["<unk>",0.0],["\n",-1],["c",-1.5e1], ["d", -2]]}}"#
    ])
    #expect(tokens(tokenizer).map(\.text) == ["<unk>", "\n", "c", "d"])
    #expect(tokens(tokenizer).map(\.id) == [0, 1, 2, 3])
  }

  @Test func tokensComeInTheOrderOfTheirIDs() throws {
    let tokenizer = try read([
      "vocab.json": #"{"c": 20, "a": 0,"b" :1}"#, "added_tokens.json": #"{"<x>": 7, "b": 1, "c": 30}"#,
    ])
    // What the vocabulary has keeps its id.
    #expect(tokens(tokenizer).map(\.text) == ["a", "b", "<x>", "c"])
    #expect(tokens(tokenizer).map(\.id) == [0, 1, 7, 20])
    #expect(tokens(tokenizer).map(\.isAdded) == [false, false, true, false])
  }

  @Test func linesAreTokensAndTheLastOfEqualOnesCounts() throws {
    let tokenizer = try read(["vocab.txt": "[PAD]\r\nthe\n##s\nthe\n"])
    #expect(tokens(tokenizer).map(\.text) == ["[PAD]", "##s", "the"])
    #expect(tokens(tokenizer).map(\.id) == [0, 2, 3])
  }

  @Test func addedTokensAreMarkedInThePlaceThatTheyHave() throws {
    let tokenizer = try read([
      "tokenizer.json": """
      {"added_tokens": [{"id": 0, "content": "<s>", "special": true}, {"id": 5, "content": "<t>", "special": false}],
       "model": {"vocab": {"<s>": 0, "a": 1}, "merges": []}}
      """
    ])
    #expect(tokens(tokenizer).map(\.text) == ["<s>", "a", "<t>"])
    #expect(tokens(tokenizer).map(\.id) == [0, 1, 5])
    #expect(tokens(tokenizer).map(\.isAdded) == [true, false, true])
  }

  @Test func rolesAreReadInEveryForm() throws {
    let map = #"{"eos_token": {"content": "</s>", "lstrip": false}, "bos_token": "<b>"}"#
    let old = try read([
      "tokenizer_config.json": #"{"eos_token": "x", "pad_token": null}"#, "special_tokens_map.json": map,
    ])
    #expect(old.roles == [.end: "</s>", .beginning: "<b>"])
    // With a list of added tokens the config alone counts.
    let config = #"{"eos_token": {"__type": "AddedToken", "content": "x"}, "added_tokens_decoder": {}}"#
    let new = try read(["tokenizer_config.json": config, "special_tokens_map.json": map])
    #expect(new.roles == [.end: "x"])
  }

  @Test func templatesAreReadInEveryForm() throws {
    let listed = #"{"chat_template": [{"name": "default", "template": "a"}, {"name": "tool_use", "template": "b"}]}"#
    let plain = try read(["tokenizer_config.json": #"{"chat_template": "a"}"#])
    let list = try read(["tokenizer_config.json": listed])
    let files = try read([
      "chat_template.jinja": "a", "additional_chat_templates/tool_use.jinja": "b", "chat_template.json": "{}",
    ])
    let processor = try read(["chat_template.json": #"{"chat_template": "a"}"#])
    #expect(list.templates.keys.sorted() == ["default", "tool_use"] && list.templates == files.templates)
    #expect(plain.templates == processor.templates && plain.templates["default"] == list.templates["default"])
    // The file goes before the config.
    let both = try read(["tokenizer_config.json": #"{"chat_template": "old"}"#, "chat_template.jinja": "a"])
    #expect(both.templates == plain.templates)
  }

  @Test func whiteSpaceIsNoDifference() {
    let own = ChatTemplate("{% if a %}\n  {{ b }}\n{% endif %}")
    #expect(own.difference(from: ChatTemplate("{% if  a %}\r\n\r\n{{ b }}\r\n\t{% endif %}\n")) == nil)
    let other = own.difference(from: ChatTemplate("\n{% if a %}\n{{ c }}\n"))
    #expect(other?.number == 2 && other?.own == "{{ b }}" && other?.other == "{{ c }}")
    let end = own.difference(from: ChatTemplate("{% if a %}\n{{ b }}\n{% endif %}\nmore"))
    #expect(end != nil && end?.number == nil && end?.own == nil && end?.other == "more")
  }

  @Test func mergesAreReadInEveryForm() throws {
    func file(_ merges: String) -> String { #"{"model": {"vocab": {"a": 0}, "merges": \#(merges)}}"# }
    let strings = try read(["tokenizer.json": file(#"["a b", "\" c"]"#)])
    let pairs = try read(["tokenizer.json": file(#"[ ["a","b"],["\"", "c"]]"#)])
    let lines = try read(["vocab.json": #"{"a": 0}"#, "merges.txt": "#version: 0.2\na b\n\" c\n"])
    let other = try read(["tokenizer.json": file(#"["a b", "d e"]"#)])
    for one in [strings, pairs, lines] {
      for two in [strings, pairs, lines] { #expect(one.differences(from: two).isEmpty) }
      let merge = one.differences(from: other).merge
      #expect(merge?.index == 1 && merge?.own == "\" c" && merge?.other == "d e")
    }
  }

  @Test(arguments: [
    ("tokenizer.json", "", "expected an object at byte 0"), ("tokenizer.json", "{}", "no model.vocab"),
    ("tokenizer.json", #"{"model":{"vocab":{"a":-1}}}"#, "expected an unsigned integer at byte"),
    ("tokenizer.json", #"{"model":{"vocab":{"a":4294967296}}}"#, "an id above"),
    ("tokenizer.json", #"{"model":{"vocab":{"a":0,}}}"#, "a comma with nothing after it"),
    ("tokenizer.json", #"{"model":{"vocab":{"a":0 "b":1}}}"#, "expected ',' or '}' at byte 25"),
    ("tokenizer.json", #"{"model":{"vocab":{"a":0,"b":01}}}"#, "a leading zero"),
    ("tokenizer.json", #"{"model":{"vocab":{"a":0,"b":1.0}}}"#, "without fraction"),
    ("tokenizer.json", #"{"model":{"vocab":{"a":0}},"added_tokens":[{"id":1}]}"#, "without id or content"),
    ("tokenizer.json", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    ("vocab.json", "[]", "expected an object"), ("tokenizer_config.json", #"{"a": [1, 2"#, "the text ends"),
    ("tokenizer.model", "IQ== 0\nIg== 1\n", "no SentencePiece model"),
    ("tokenizer.model", "\u{0A}\u{7F}", "no SentencePiece model"), ("tokenizer.model", "", "no pieces"),
  ])
  func brokenFilesAreNamed(_ name: String, _ text: String, _ reason: String) throws {
    let tokenizer = try read([name: text])
    #expect(tokenizer.problems.count == 1 && !tokenizer.hasVocabulary)
    let problem = try #require(tokenizer.problems.first)
    #expect(problem.path.hasSuffix("/" + name) && problem.reason.contains(reason), "\(problem.reason)")
  }

  @Test func whatIsNoFileIsNamed() throws {
    try folder.folder("f/tokenizer.json")
    let tokenizer = try #require(TokenizerReader().read(folder.path("f")))
    #expect(tokenizer.problems.map(\.reason) == ["it is a folder, not a regular file"])
  }
}
