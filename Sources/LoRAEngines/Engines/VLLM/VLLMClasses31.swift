extension VLLMClassTable {
  /// The model classes of vLLM 0.31.
  static let release31 = VLLMClassTable(
    #"""
    """#, changing: release32)
}
