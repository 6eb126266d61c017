import JSON
import LoRAIO
import TensorCore

/// Ratios as they are kept in a file.
struct Baseline {
  static let schema = "lora-bench/ratios/1"
  private(set) var ratios: [(name: String, value: Double)] = []

  init(_ ratios: [(name: String, value: Double)]) { self.ratios = ratios }

  /// Reads a file that `document` was written to.
  init(path: String) throws {
    let document = try JSONValue(parsing: try InputFile.contents(of: path, limit: 1 << 20))
    guard document["schema"]?.string == Self.schema, let members = document["ratios"]?.object?.members else {
      throw BenchmarkFailure("\(path) is no \(Self.schema)")
    }
    ratios = try members.map { name, value in
      guard let number = value.double, number > 0 else { throw BenchmarkFailure("\(path): \(name) is no ratio") }
      return (name, number)
    }
  }

  var document: JSONValue {
    let members = ratios.reduce(into: JSONObject()) { $0[$1.name] = .real(($1.value * 1e4).rounded() / 1e4) }
    return ["schema": .string(Self.schema), "ratios": .object(members)]
  }

  subscript(name: String) -> Double? { ratios.first { $0.name == name }?.value }
}

/// The ratios, and with a baseline whether one of them is slower than it says.
let ratiosBenchmark = Benchmark(
  name: "ratios",
  summary: "parts against references, compared with kept ratios: baseline=FILE tolerance=25 (percent) save=FILE "
    + "format=text,json only=merge,scan folder=/tmp"
) { options in
  let isJSON = options.list("format") == ["json"]
  let baseline = try options.list("baseline").map { try Baseline(path: $0.joined(separator: ",")) }
  let tolerance = Double(options.integers("tolerance", default: [25])[0]) / 100
  let wanted = options.list("only")
  var found: [(name: String, value: Double)] = []
  var slower: [String] = []
  for ratio in try Ratios(options).all {
    if let wanted, !wanted.contains(where: ratio.name.hasPrefix) { continue }
    let measurement = try ratio.prepare()
    var value = measurement.value()
    let kept = baseline?[ratio.name]
    // A busy machine makes one measurement slow, a slow program all of them.
    for _ in 0..<2 where kept.map({ value > $0 * (1 + tolerance) }) ?? false {
      value = min(value, measurement.value())
    }
    found.append((ratio.name, value))
    var line = column(fixed(value, 3), 9) + "  " + ratio.name
    if let kept {
      let percent = (value / kept - 1) * 100
      line = column("\(percent < 0 ? "-" : "+")\(fixed(percent.magnitude, 0)) %", 8) + column(fixed(kept, 3), 9) + line
      if value > kept * (1 + tolerance) { slower.append(ratio.name) }
    } else if baseline != nil {
      line = column("new", 17) + line
    }
    if !isJSON { print(line) }
  }
  let result = Baseline(found)
  if isJSON { print(result.document.text(pretty: true)) }
  if let path = options.list("save")?.joined(separator: ",") {
    try WholeFile.write(Array((result.document.text(pretty: true) + "\n").utf8), to: path)
  }
  guard let baseline else { return }
  let compared = found.count { baseline[$0.name] != nil }
  guard compared > 0 else { throw BenchmarkFailure("none of the ratios is in the baseline") }
  try report("\(compared) of \(baseline.ratios.count) ratios compared", slower, tolerance)
}

/// Ends a comparison: a sentence on standard error, and exit code 1 where something got slower.
func report(_ what: String, _ slower: [String], _ tolerance: Double) throws {
  let limit = "\(fixed(tolerance * 100, 0)) %"
  complain(
    slower.isEmpty
      ? "\(what), none slower by more than \(limit)"
      : "\(what), slower by more than \(limit): \(slower.joined(separator: "; "))")
  if !slower.isEmpty { throw BenchmarkSlower() }
}

/// That something got slower, which has been said.
struct BenchmarkSlower: Error {}
