extension VLLMClassTable {
  /// The model classes of vLLM 0.32.
  static let v0_32 = VLLMClassTable(
    #"""
    """#, changing: v0_33)
}
