/// How much a merged model says about what it was made from.
public enum Provenance: String, Sendable, CaseIterable {
  /// Nothing: shards keep the base's headers.
  case none
  /// SHA-256 of every adapter; for the base's shards the digest by which the Hugging Face cache names them, and else
  /// one of samples.
  case standard
  /// SHA-256 of every file, which reads the whole base once more.
  case full
}

/// How results are rounded to 16-bit types.
public enum RoundingMode: Sendable, Equatable {
  /// To the nearest number, ties to even.
  case nearest
  /// Up or down by chance, with odds that make the mean of many roundings exact.
  ///
  /// The chance of an element depends on the seed, the tensor's name and the element's place alone.
  case stochastic(seed: UInt64)
}
