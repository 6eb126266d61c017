/// A module as the engine sees it: one or several modules of the base side by side.
public struct SlotModule: Sendable, Hashable {
  /// The engine's name, such as `model.layers.0.self_attn.qkv_proj`.
  public let name: String
  /// The positions of its buffers in `SlotLayout.buffers`.
  public let buffers: Range<Int>
  /// The stage of loads that it belongs to.
  public let stage: Int
}
