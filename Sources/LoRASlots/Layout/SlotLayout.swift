public import LoRAEngines
public import TensorCore

/// The buffers that an engine keeps for adapters: which modules have them, their shapes, and where every slot lies.
///
/// A layout is made from a base model and a `SlotOptions`, without allocating anything.
public struct SlotLayout: Sendable {
  /// What was asked for.
  public let options: SlotOptions
  /// The modules as the engine knows them, in the order of the model.
  public let modules: [SlotModule]
  /// The buffers, module by module: all A slices, then all B slices.
  public let buffers: [SlotBuffer]
  /// Number of stages: the layers, what comes before them and what comes after.
  public let stageCount: Int
  /// Bytes of one slot over all buffers, without what aligns them.
  public let slotBytes: UInt64
  /// Bytes of one allocation that holds all slots of all buffers at their offsets.
  public let totalBytes: UInt64

  let engine: EngineModules
  let recipes: [SlotLayoutInput]

  /// Whether the engine serves adapters for this architecture at all; where not, the layout is what its rules give.
  public var isServed: Bool { engine.traits.isServed }

  /// Number of slots.
  public var slots: Int { options.slots }
  /// Type of the elements: F32, F16 or BF16.
  public var dtype: DType { options.dtype }

  /// Most blocks of a plan for a slot.
  package var blockLimit: Int {
    recipes.reduce(0) { sum, recipe in
      sum + Int(clamping: recipe.matrices) * max(recipe.slices.count, recipe.outputs.reduce(0) { $0 + $1.count })
    }
  }

  /// Byte in the one allocation where `slot` has its piece of `buffers[buffer]`.
  public func offset(buffer: Int, slot: Int) -> UInt64 {
    buffers[buffer].offset + UInt64(slot) * buffers[buffer].slotStride
  }
}

/// One tensor of an engine's slots: one factor of one slice of one module, for all slots.
public struct SlotBuffer: Sendable, Hashable {
  /// Which of the two factors.
  public enum Factor: String, Sendable, CaseIterable {
    /// The down projection, A.
    case a
    /// The up projection, B.
    case b
  }

  /// The engine's name of the module, such as `model.layers.0.self_attn.qkv_proj`.
  public let module: String
  /// Which factor it holds.
  public let factor: Factor
  /// Number of the slice inside the module.
  public let slice: Int
  /// Shape of one slot as the engine has it, such as `[1, R, in]`; the engine's tensor has the number of slots before it.
  public let shape: Shape
  /// When the model needs it: the stage of loads that it belongs to.
  public let stage: Int
  /// Bytes of one slot.
  public let slotBytes: UInt64
  /// Byte in the one allocation where slot 0 starts; a multiple of 256.
  ///
  /// The other slots follow at `slotStride`, whatever their alignment.
  public let offset: UInt64
  /// Bytes from slot to slot.
  public let slotStride: UInt64

  /// The tensor's name in a slot image, such as `model.layers.0.self_attn.qkv_proj.lora_a_stacked.0`.
  public var name: String { "\(module).lora_\(factor.rawValue)_stacked.\(slice)" }
}
