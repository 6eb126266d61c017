extension VLLMClassTable {
  /// The model classes of vLLM 0.31.
  static let v0_31 = VLLMClassTable(
    #"""
    """#, changing: v0_32)
}
