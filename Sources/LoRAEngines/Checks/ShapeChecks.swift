import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

/// What shows in the shapes of factors.
extension EngineCheck {
  /// Factors with another number of dimensions than two; slots are matrices, and so is what is copied into them.
  static let noMatrices = EngineCheck { question in
    let odd = question.adapter.modules.filter { module in
      module.kind != .parameter && [module.a, module.b].contains { $0.map { $0.shape.rank != 2 } ?? false }
    }
    guard let first = odd.first,
      let tensor = [first.a, first.b].compactMap({ $0 }).first(where: { $0.shape.rank != 2 })
    else { return nil }
    return Hit(
      message: "factors that are no matrices: \(escaped(tensor.name, limit: 160)) has shape \(tensor.shape)",
      tensor: tensor.name, module: first.name, found: "\(tensor.shape)",
      hint: "export the adapter again, with factors of two dimensions", isConfig: false)
  }

  /// Factors smaller than the base's module, which fit into a corner of the slot.
  static let smallerShapes = EngineCheck { question in
    let small = question.placed.filter { module, base in
      !question.transposed.contains(module.name) && !module.sizesFit(base)
        && module.inFeatures <= base.inFeatures && module.outFeatures <= base.outFeatures
    }
    guard let (first, base) = small.first else { return nil }
    return Hit(
      message: "that \(phrase(small.map(\.module.name), of: question.adapter.modules.count)) "
        + "\(small.count == 1 ? "is" : "are") smaller than the base's module, and copies the factors into a corner of the slot",
      module: first.name, found: sizes(first, base),
      hint: "serve the adapter on the base that it was trained on", isConfig: false)
  }

  /// Factors larger than the base's module, for which its slot has no room.
  ///
  /// One device fails to copy them; several each copy their own part of them, which hides what is too much.
  static func largerShapes(onSeveralDevices: Bool) -> EngineCheck {
    EngineCheck { question in
      guard (question.options.tensorParallel > 1) == onSeveralDevices else { return nil }
      let large = question.placed.filter { module, base in
        !question.transposed.contains(module.name) && module.kind != .parameter && base.kind != .parameter
          && module.isUsable && isLarger(module, base)
      }
      guard let (first, base) = large.first else { return nil }
      return Hit(
        message: onSeveralDevices
          ? "that \(phrase(large.map(\.module.name), of: question.adapter.modules.count)) "
            + "\(large.count == 1 ? "is" : "are") larger than the base's module, and copies a part of the factors"
          : "factors larger than the base's module, for which its slot has no room: "
            + phrase(large.map(\.module.name), of: question.adapter.modules.count),
        module: first.name, found: sizes(first, base),
        hint: "serve the adapter on the base that it was trained on", isConfig: false)
    }
  }

  /// Sizes that a quantised base does not tell are zero.
  private static func isLarger(_ module: AdapterModule, _ base: BaseModule) -> Bool {
    base.inFeatures > 0 && module.inFeatures > base.inFeatures
      || base.outFeatures > 0 && module.outFeatures > base.outFeatures
  }

  /// A module's sizes and the base's, for messages.
  static func sizes(_ module: AdapterModule, _ base: BaseModule) -> String {
    "in \(module.inFeatures), out \(module.outFeatures) for a module of in \(base.inFeatures), out \(base.outFeatures)"
  }
}

extension ServingQuestion {
  /// The adapter's modules with the base's module that an engine puts them on: the one that they name, or one of the same
  /// name behind another usual prefix.
  var placed: [(module: AdapterModule, base: BaseModule)] {
    guard let matches, let base else { return [] }
    return zip(adapter.modules, matches).compactMap { module, match in
      (match ?? base.match(module.name)).map { (module, $0.module) }
    }
  }

  /// The base's module for each name that has one, of modules that share a name the first.
  var bases: [String: BaseModule] {
    Dictionary(placed.map { ($0.module.name, $0.base) }) { first, _ in first }
  }

  /// The adapter's modules of which the base tells no sizes, because it has none of the name or is not known itself.
  var unsized: [AdapterModule] {
    guard let matches, let base else { return adapter.modules }
    return zip(adapter.modules, matches).compactMap { module, match in
      match == nil && base.match(module.name) == nil ? module : nil
    }
  }
}
