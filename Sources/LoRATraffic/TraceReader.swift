import JSON
public import LoRAIO

extension Trace {
  /// The most requests that a trace may have.
  public static let limit = 200_000_000

  /// Reads a recorded trace: a JSON object `{"time": seconds, "adapter": name}` in each line, other keys ignored.
  ///
  /// Requests that are not in the order of their times are sorted, those of the same time kept in their order.
  public init(reading path: String) throws(TrafficError) {
    let file: InputFile
    do throws(IOError) { file = try InputFile(path: path) } catch { throw .io(error) }
    try self.init(reading: file)
  }

  /// Reads a recorded trace from an open file.
  public init(reading file: InputFile) throws(TrafficError) {
    self.init()
    var numbers: [String: Int32] = [:]
    var isSorted = true
    var lines = LineReader(file)
    while true {
      do throws(IOError) {
        guard try lines.advance() else { break }
      } catch {
        throw .io(error)
      }
      do throws(JSONError) {
        guard let (time, name) = try Self.request(lines.line) else { continue }
        guard times.count < Self.limit, numbers.count < Int32.max else {
          throw JSONError(offset: 0, reason: "more than \(Self.limit) requests")
        }
        var number = numbers[name]
        if number == nil {
          number = Int32(names.count)
          numbers[name] = number
          names.append(name)
        }
        if let last = times.last, time < last { isSorted = false }
        append(time, number ?? 0)
      } catch {
        throw .malformed(path: file.path, line: lines.lineNumber, reason: "\(error)")
      }
    }
    guard count > 0 else { throw .empty(path: file.path) }
    if !isSorted { sort() }
  }

  private mutating func sort() {
    let order = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
    (times, adapters) = (order.map { times[$0] }, order.map { adapters[$0] })
  }

  /// Time and adapter of a line; nil for a blank one.
  private static func request(_ line: Span<UInt8>) throws(JSONError) -> (Double, String)? {
    var isBlank = true
    for index in line.indices where line[index] != 0x20 && line[index] != 0x0D && line[index] != 0x09 {
      isBlank = false
      break
    }
    if isBlank { return nil }
    var reader = JSONReader(line)
    var time: Double?
    var adapter: String?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "time":
        guard time == nil else { throw JSONError(offset: reader.offset, reason: "the key \"time\" appears twice") }
        switch try reader.number() {
        case .integer(let value): time = Double(value)
        case .real(let value): time = value
        }
      case "adapter":
        guard adapter == nil else {
          throw JSONError(offset: reader.offset, reason: "the key \"adapter\" appears twice")
        }
        adapter = try reader.string()
      default: try reader.skipValue()
      }
    }
    try reader.finish()
    guard let time else { throw JSONError(offset: 0, reason: "no \"time\"") }
    guard let adapter else { throw JSONError(offset: 0, reason: "no \"adapter\"") }
    guard abs(time) < 1e15 else { throw JSONError(offset: 0, reason: "a time out of range") }
    return (time, adapter)
  }
}
