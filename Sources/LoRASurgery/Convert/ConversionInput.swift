import Diagnostics
package import LoRADeltas
package import LoRAModel
package import Safetensors
import TensorCore

/// An adapter as every target sees it: modules under PEFT's names with a scale that is beyond doubt.
package struct ConversionInput: Sendable {
  package let path: String
  package let adapter: Adapter
  package let file: SafetensorsFile
  package let base: ConversionBase?
  /// The modules, of whatever format the file is.
  package private(set) var modules: [ModuleDraft]

  /// Takes an adapter of any format that is recognised.
  ///
  /// - Parameter layout: how stacks of experts lie, which the file cannot tell; nil is PEFT's layout.
  /// - Throws: `SurgeryError.refused` with everything that is wrong with it.
  package init(_ adapter: Adapter, base: ConversionBase?, experts layout: ExpertLayout? = nil) throws(SurgeryError) {
    let path = adapter.path
    var refusals = adapter.findings.compactMap(\.refusal) + (base?.model.refusals ?? [])
    guard let file = adapter.file, refusals.isEmpty else {
      throw .refused(refusals.isEmpty ? [SurgeryRefusal(path, "its weights cannot be read")] : refusals)
    }
    let magnitudes = Self.magnitudesOfLyCORIS(adapter)
    if magnitudes == nil { refusals += Self.unreadable(adapter) }
    (self.path, self.adapter, self.file, self.base) = (path, adapter, file, base)
    modules = []
    for var module in adapter.modules {
      if let magnitude = magnitudes?[module.name] { module.magnitude = magnitude }
      do throws(LoRAPairProblem) {
        modules.append(try Self.draft(of: module, adapter, file, layout))
      } catch {
        refusals.append(SurgeryRefusal(path, module: module.name, error))
      }
      refusals += Self.contradictions(module, adapter, isDoRAKnown: magnitudes != nil)
    }
    if modules.isEmpty, refusals.isEmpty { refusals.append(SurgeryRefusal(path, "it adapts no module")) }
    guard refusals.isEmpty else { throw .refused(refusals) }
    switch adapter.format {
    case .torchtune: modules = try TorchtuneNames.read(modules, of: path, base)
    case .kohya, .diffusers: modules = try PipelineNames.read(modules, of: path, base)
    default: break
    }
  }

  private static func draft(
    of module: AdapterModule, _ adapter: Adapter, _ file: SafetensorsFile, _ layout: ExpertLayout?
  ) throws(LoRAPairProblem) -> ModuleDraft {
    let pair = try adapter.pair(of: module, experts: layout)
    if module.scaleSource == .assumed, [.torchtune, .mlx].contains(adapter.format) { throw .scaleUnknown }
    var draft = ModuleDraft(
      name: module.name, kind: module.kind, a: FactorDraft(pair, .a, of: file), b: FactorDraft(pair, .b, of: file),
      scale: module.scale)
    if module.kind == .conv1d || module.kind == .conv2d {
      draft.inputShape = Array(pair.a.tensor.shape.dimensions.dropFirst())
    }
    if module.kind == .parameter, adapter.format == .peft { draft.peftKey = peftKey(of: pair.a.tensor, adapter) }
    draft.magnitude = module.magnitude.map { VectorDraft($0, of: file) }
    draft.bias = module.bBias.map { VectorDraft($0, of: file) }
    return draft
  }

  /// The name of the wrapper that a factor lies in.
  private static func peftKey(of a: TensorInfo, _ adapter: Adapter) -> String? {
    let name = adapter.misnamed.first { $0.tensor.name == a.name }?.rightName ?? a.name
    guard name.hasPrefix(PEFTTarget.prefix), name.hasSuffix(".lora_A.weight") else { return nil }
    return String(name.dropFirst(PEFTTarget.prefix.count).dropLast(".lora_A.weight".count))
  }

  /// DoRA's magnitudes as LyCORIS keeps them, by module: `.dora_scale` with one number for each output; nil when the
  /// file has other unknown tensors, or magnitudes over the inputs.
  private static func magnitudesOfLyCORIS(_ adapter: Adapter) -> [String: TensorInfo]? {
    guard adapter.format == .kohya, adapter.foreignMethod == "LYCORIS_DORA" else { return nil }
    let known = Dictionary(adapter.unknown.map { ($0.name, $0) }) { first, _ in first }
    var found: [String: TensorInfo] = [:]
    for module in adapter.modules {
      guard let down = module.a?.name, down.hasSuffix(".lora_down.weight") else { continue }
      guard let scale = known[down.dropLast(".lora_down.weight".count) + ".dora_scale"] else { continue }
      guard scale.shape.rank > 0, scale.shape[0] == module.outFeatures, scale.elementCount == module.outFeatures else {
        return nil
      }
      found[module.name] = scale
    }
    return found.count == adapter.unknown.count ? found : nil
  }

  /// What of a file no product of factors says.
  private static func unreadable(_ adapter: Adapter) -> [SurgeryRefusal] {
    if let trainer = adapter.trainer {
      return [SurgeryRefusal(adapter.path, "it is a LoRA of \(trainer.name)", hint: trainer.remedy)]
    }
    if let method = adapter.foreignMethod {
      return [
        SurgeryRefusal(adapter.path, "it is an adapter of the method \(method), which is no product of two factors")
      ]
    }
    return adapter.unknown.map {
      SurgeryRefusal(adapter.path, subject: $0.name, "the tensor's name says nothing known")
    }
  }

  /// Parts of a module that the config does not agree with.
  private static func contradictions(_ module: AdapterModule, _ adapter: Adapter, isDoRAKnown: Bool)
    -> [SurgeryRefusal]
  {
    var found: [SurgeryRefusal] = []
    func refuse(_ reason: String) { found.append(SurgeryRefusal(adapter.path, subject: module.name, reason)) }
    if let magnitude = module.magnitude, !magnitude.dtype.isFloat || magnitude.elementCount != module.outFeatures {
      refuse("its magnitudes are \(magnitude.dtype.name) \(magnitude.shape), expected \(module.outFeatures) numbers")
    }
    if module.experts > ExpertStacks.limit { refuse("it has \(module.experts) experts") }
    if let bias = module.bBias, !bias.dtype.isFloat || bias.elementCount != module.outFeatures {
      refuse("the bias of its B is \(bias.dtype.name) \(bias.shape), expected \(module.outFeatures) numbers")
    }
    guard let config = adapter.config, !isDoRAKnown else { return found }
    if config.usesDoRA != (module.magnitude != nil), module.kind != .parameter {
      refuse(
        config.usesDoRA
          ? "the config says use_dora but it has no magnitudes"
          : "it has magnitudes but the config does not say use_dora")
    }
    if !config.hasLoRABias, module.bBias != nil { refuse("its B has a bias but the config does not say lora_bias") }
    return found
  }
}
