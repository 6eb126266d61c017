public import Safetensors

/// What a tensor's name says about its place in an adapter.
public enum KeyMeaning: Sendable, Equatable {
  /// One part of an adapted module.
  case factor(module: String, part: FactorPart)
  /// A tensor that replaces a tensor of the base.
  case replacement(name: String, role: Replacement.Role)
  /// A number that belongs to a module: a kohya `.alpha`.
  case alpha(module: String)
  /// A tensor that a training variant keeps beside a module's factors: `lora_diag` (KaSA), `lora_velora_embed`, the
  /// samplers of MonteCLoRA. The variant's field in the config says what becomes of it.
  case variant(module: String, part: String)
  /// A tensor that says nothing about the adapter: the base's own numbers, written along by the trainer.
  case leftover
  /// A part of another adapter method.
  case foreign(method: String)
  /// Nothing that the scheme knows.
  case unknown
}

/// Which tensor of an adapted module a name stands for.
public enum FactorPart: Sendable, Hashable {
  case a
  case b
  case bBias
  case embeddingA
  case embeddingB
  case magnitude
}

/// What a scheme made of a name.
public struct ReadKey: Sendable {
  /// What the name says.
  public var meaning: KeyMeaning
  /// What is wrong with the name although its meaning is clear, and the name that loaders expect.
  public var misnaming: (problem: MisnamedTensor.Problem, rightName: String)?

  /// A reading of a name.
  public init(_ meaning: KeyMeaning, misnaming: (problem: MisnamedTensor.Problem, rightName: String)? = nil) {
    self.meaning = meaning
    self.misnaming = misnaming
  }
}

/// One way in which trainers name the tensors of an adapter.
///
/// A new format is one file with a conforming type and one line in `NamingSchemes.all`.
public protocol NamingScheme: Sendable {
  /// The format that uses the names.
  var format: AdapterFormat { get }

  /// Whether A is stored `[in, rank]` and B `[rank, out]`.
  var storesTransposed: Bool { get }

  /// What an `adapter_config.json` beside the weights is to the format.
  var configUse: ConfigUse { get }

  /// Whether a file with these tensors follows the scheme.
  func recognises(_ header: SafetensorsHeader) -> Bool

  /// What one tensor's name says.
  func read(_ name: String) -> ReadKey
}

/// What an `adapter_config.json` beside the weights is to a format.
public enum ConfigUse: Sendable {
  /// The scale is nowhere else, so it must be there.
  case required
  /// It is read when it is there.
  case optional
  /// The format has none; one that lies there belongs to something else.
  case none
}

/// The known schemes, most specific first; the first that recognises a file reads it.
public enum NamingSchemes {
  /// All schemes in the order in which they are tried.
  public static let all: [any NamingScheme] = [
    KohyaNaming(), DiffusersNaming(), MLXNaming(), TorchtuneNaming(), PEFTNaming(),
  ]

  /// The scheme of a file, or nil when no scheme recognises it.
  ///
  /// - Parameters:
  ///   - header: the header with the names.
  ///   - hasPEFTConfig: whether a config with `peft_type` lies beside it, which settles the doubt whether
  ///     `text_encoder.….lora_A.weight` is diffusers' name or PEFT's without its prefix.
  public static func scheme(for header: SafetensorsHeader, hasPEFTConfig: Bool = false) -> (any NamingScheme)? {
    let peft = PEFTNaming()
    if hasPEFTConfig, peft.recognises(header) { return peft }
    // No scheme knows its names by their numbers.
    let kinds = header.kinds
    return all.first { $0.recognises(kinds) }
  }
}
