import Safetensors

/// Which adapters of a fleet may be copies of others, so that only those are digested while they are read.
struct Twins {
  /// How the file of an adapter is read.
  struct Role: Sendable {
    /// Whether it is digested, because others may be equal to it.
    var isDigested = false
    /// Which of the adapters that are read with it was the first of those that it may be a copy of.
    var twin: Int?
  }

  /// Adapters that were looked at.
  private var count = 0
  /// The first adapter with a sketch.
  private var first: [FileContent: Int] = [:]
  /// Adapters that were read without a digest before another with their sketch came: they have to be read again.
  private(set) var late: [Int] = []
  /// Sketches of which the first adapter has a digest, or will have.
  private var isDigested: Set<FileContent> = []

  /// Adds the files of the next adapters, which are read together; nil stands for an adapter without a file that can be
  /// read.
  mutating func add(_ files: [SafetensorsFile?]) -> [Role] {
    let start = count
    count += files.count
    var roles = files.map { _ in Role() }
    var firstHere: [FileContent: Int] = [:]
    for (index, file) in files.enumerated() {
      guard let file else { continue }
      guard let sketch = FileContent(sketchOf: file) else {
        roles[index].isDigested = true
        continue
      }
      roles[index].twin = firstHere[sketch]
      if roles[index].twin == nil { firstHere[sketch] = index }
      guard let other = first[sketch] else {
        first[sketch] = start + index
        continue
      }
      roles[index].isDigested = true
      if !isDigested.insert(sketch).inserted { continue }
      if other >= start { roles[other - start].isDigested = true } else { late.append(other) }
    }
    return roles
  }
}
