import LoRAEngines
public import LoRAModel
import TensorCore

import struct BaseCatalogue.BaseDescription

/// A module of a base that has no slot, and why.
public struct UnservedModule: Sendable, Hashable {
  /// Why modules have no slots.
  public enum Reason: String, Sendable, CaseIterable {
    /// Engines serve adapters for the language model.
    case tower = "part of a vision or audio tower"
    /// Engines load it whole and not as factors.
    case taskHead = "a task head"
    /// Others were asked for.
    case notTargeted = "not among the target modules"
    /// The engine's class of the architecture does not list it.
    case notListed = "an embedding or head that this engine adapts only when it is a target module"
    /// The engine's class of the architecture has it without factors.
    case bare = "a module that this engine runs without factors"
    /// A convolution, a table of positions, or another thing without matrix product.
    case other = "nothing that this engine adapts"
  }

  /// The module of the base.
  public let module: String
  /// Why it has none.
  public let reason: Reason
}

extension SlotLayout {
  /// The modules of the layout's base that have no slot, by name; an adapter for one of them is refused.
  public func absences(of base: BaseModel) -> [UnservedModule] {
    base.modules.values.lazy.map(\.name).filter { self.engine.places[$0] == nil }.ordered(by: naturallyPrecedes).map {
      UnservedModule(module: $0, reason: absence(of: $0, base))
    }
  }

  /// Why a module has no slot.
  func absence(of name: String, _ base: BaseModel) -> UnservedModule.Reason {
    let leaf = EngineModuleBuilder.parted(name).leaf
    if !EngineModuleBuilder.isText(name, of: base) { return .tower }
    if EngineModuleBuilder.isOfTask(name) { return .taskHead }
    if options.targetModules != nil { return .notTargeted }
    if case .bare = engine.traits.place(name) { return .bare }
    let isHead = ["lm_head", "embed_out", "output", "proj_out"].contains(leaf)
    return isHead || base.modules[name]?.kind == .embedding ? .notListed : .other
  }
}
