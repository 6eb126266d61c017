import LoRAIO
import LoRAModel
import LoRATestSupport
import LoRATokenizer
import LoRAValidate

/// The files of a tokenizer: a `tokenizer.json`, a config that is also read as every other small file, and a
/// SentencePiece model, beside two adapters of one base.
struct TokenizerTarget: FuzzTarget {
  let name = "tokenizer"
  private let scratch = Scratch()

  private static let mutation = JSONMutation(vocabulary: [
    "model", "vocab", "merges", "added_tokens", "id", "content", "special", "<s>", "</s>", "a", "b", "a b", "Ġthe",
    "eos_token", "pad_token", "additional_special_tokens", "extra_special_tokens", "added_tokens_decoder",
    "chat_template", "name", "template", "default", "{% if a %}\\n{{ b }}", "\\u0120the", "\\ud83d\\ude00",
  ])

  private static let tokenizer = #"""
    {"version":"1.0","truncation":null,"added_tokens":[{"id":0,"content":"<s>","special":true},{"id":7,"content":"<t>",
    "special":false}],"model":{"type":"BPE","vocab":{"<s>":0,"a":1,"b":2,"\"":3,"Ġthe":4,"é":5},"merges":["a b",["b","a"]]}}
    """#

  private static let seeds = [
    (
      tokenizer,
      #"{"eos_token":"</s>","added_tokens_decoder":{"7":{"content":"<t>","special":true}},"chat_template":"x"}"#
    ),
    (
      #"{"model":{"type":"Unigram","vocab":[["<unk>",0.0],["a",-1.5],["\n",-2e1]]}}"#,
      #"{"eos_token":{"content":"a"},"extra_special_tokens":["<u>"],"chat_template":[{"name":"default","template":"y"}]}"#
    ),
    (#"{"<s>":0,"a":1}"#, #"{"<t>":7,"<u>":8}"#),
  ]

  init() {
    for name in ["base", "one", "two"] { try? Folder.create(Folder.join(scratch.path, name)) }
    _ = try? scratch.write(Array(BaseTarget.text.utf8), as: "base/config.json")
    _ = try? scratch.write(Array(Self.tokenizer.utf8), as: "base/tokenizer.json")
    for name in ["one", "two"] {
      _ = try? scratch.write(Array(ConfigTarget.text.utf8), as: name + "/adapter_config.json")
    }
  }

  func seeds() -> [[UInt8]] {
    // Two pieces of a SentencePiece model: text, score, type.
    let pieces: [UInt8] = [
      0x0A, 0x0C, 0x0A, 0x03, 0x3C, 0x73, 0x3E, 0x15, 0, 0, 0, 0, 0x18, 0x03, 0x0A, 0x08, 0x0A, 0x01, 0x61, 0x15, 0, 0,
      0, 0,
    ]
    return Self.seeds.map { Parts.joined([Array($0.0.utf8), Array($0.1.utf8), pieces]) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    Parts.mutate(
      &input, &random,
      [{ Self.mutation.mutate(&$0, &$1) }, { Self.mutation.mutate(&$0, &$1) }, { ByteMutation.mutate(&$0, &$1) }])
  }

  func run(_ input: [UInt8]) throws(Violation) {
    try scratch.alone { () throws(Violation) in try check(input) }
  }

  private func check(_ input: [UInt8]) throws(Violation) {
    let parts = Parts.split(input, count: 3)
    try scratch.write(parts[0], as: "one/tokenizer.json")
    try scratch.write(parts[1], as: "one/tokenizer_config.json")
    try scratch.write(parts[2], as: "two/tokenizer.model")
    for name in ["special_tokens_map.json", "added_tokens.json", "chat_template.json", "chat_template.jinja"] {
      try scratch.write(parts[1], as: "two/" + name)
    }
    try compare()
    let base = Folder.join(scratch.path, "base")
    let adapters = ["one", "two"].map { Folder.join(scratch.path, $0) }
    let report = Validation.run(adapters, base: try? BaseModel.open(base), options: ValidationOptions())
    try Terminal.check(report.text(), "the text report")
    try Terminal.check(document: report.json(toolVersion: "0"), "the JSON report")
  }

  /// What holds for every two tokenizers.
  private func compare() throws(Violation) {
    let reader = TokenizerReader()
    let read = ["base", "one", "two"].map { reader.read(Folder.join(scratch.path, $0)) }
    for (index, own) in read.enumerated() {
      guard let own else { continue }
      let again = TokenizerReader().read(own.folder)
      let none = again.map { own.differences(from: $0) }
      try Violation.unless(none?.isEmpty ?? false, "a tokenizer differs from itself")
      try Violation.unless(own.fingerprint == again?.fingerprint, "a fingerprint changes")
      for other in read.dropFirst(index + 1) {
        guard let other else { continue }
        let differences = own.differences(from: other)
        let count = own.tokens?.count ?? 0
        try Violation.unless(differences.sameCount + differences.movedCount <= count, "more tokens than there are")
      }
    }
  }
}
