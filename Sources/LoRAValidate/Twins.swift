import Safetensors

/// Which adapters of a fleet may be copies of others, so that only those are digested while they are read.
struct Twins {
  /// Adapters that were looked at.
  private var count = 0
  /// The first adapter with a sketch.
  private var first: [FileContent: Int] = [:]
  /// Adapters that were read without a digest before another with their sketch came: they have to be read again.
  private(set) var late: [Int] = []
  /// Sketches of which the first adapter has a digest, or will have.
  private var isDigested: Set<FileContent> = []

  /// Adds the files of the next adapters and says which of them are to be digested; nil stands for an adapter without a
  /// file that can be read.
  mutating func add(_ files: [SafetensorsFile?]) -> [Bool] {
    let start = count
    count += files.count
    var chosen = files.map { _ in false }
    for (index, file) in files.enumerated() {
      guard let file else { continue }
      guard let sketch = FileContent(sketchOf: file) else {
        chosen[index] = true
        continue
      }
      guard let other = first[sketch] else {
        first[sketch] = start + index
        continue
      }
      chosen[index] = true
      if !isDigested.insert(sketch).inserted { continue }
      if other >= start { chosen[other - start] = true } else { late.append(other) }
    }
    return chosen
  }
}
