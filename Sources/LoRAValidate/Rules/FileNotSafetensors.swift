import Safetensors

extension Rule {
  /// The weights file is of another format.
  static let fileNotSafetensors = Rule(
    .fileNotSafetensors, "The weights file is not safetensors",
    meaning: """
      The first bytes belong to another format: a pickle or zip archive from `torch.save`, GGUF, an HTML error page, a \
      Git LFS pointer whose real file was never downloaded, and so on. The message says which.
      """,
    consequence: """
      The name ends in `.safetensors`, so every tool before the server believes it. The server fails while it loads.
      """,
    remedy: """
      For a Git LFS pointer run `git lfs pull`. For an error page download again with the right token. For pickle \
      weights export again with `save_pretrained(..., safe_serialization=True)`.
      """,
    repair: .no("the tensors are not there, or in a form that is never opened."),
    example: """
      error  file-not-safetensors  this is not a safetensors file but a Git LFS pointer
             fix: export or download it as .safetensors
      """)
}
