import BaseCatalogue
public import LoRAModel
import TensorCore

/// Which modules of a base get factors.
public enum TargetSelection: Sendable, Equatable, CustomStringConvertible {
  /// The linear modules of attention blocks.
  case attention
  /// Every linear module but the output head, as PEFT's `all-linear`.
  case allLinear
  /// Modules by the last components of their names, such as `q_proj` or `self_attn.q_proj`.
  case names([String])

  /// `attention`, `all-linear`, or names with commas between them; nil for an empty name.
  public init?(parsing text: String) {
    switch text {
    case "attention": self = .attention
    case "all-linear": self = .allLinear
    default:
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
      guard !names.contains("") else { return nil }
      self = .names(names)
    }
  }

  /// The form in which it is written.
  public var description: String {
    switch self {
    case .attention: "attention"
    case .allLinear: "all-linear"
    case .names(let names): names.joined(separator: ",")
    }
  }

  /// The modules of the base that are meant, in the order of their names.
  public func modules(of base: BaseModel) -> [LoRAModel.BaseModule] {
    base.modules.values.filter { matches($0) }.ordered { $0.name < $1.name }
  }

  private func matches(_ module: LoRAModel.BaseModule) -> Bool {
    switch self {
    case .names(let names):
      return names.contains { module.name == $0 || module.name.hasSuffix("." + $0) }
    case .allLinear: return module.isAllLinear
    case .attention:
      guard module.kind == .linear else { return false }
      guard let end = module.name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
      let holders = String(module.name[..<end])
      return holders.mentions("attn", ignoresCase: true) || holders.mentions("attention", ignoresCase: true)
    }
  }
}
