extension VLLMClassTable {
  /// The model classes of vLLM 0.32.
  static let release32 = VLLMClassTable(
    #"""
    """#, changing: release33)
}
