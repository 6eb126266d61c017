import Glibc
import JSON
import TensorCore

/// What is remembered of a request: for the metrics what is of a fixed list, for the log also what it was about.
package struct RequestRecord: Sendable, Equatable {
  /// One finding, as metrics count it.
  struct Counted: Sendable, Equatable {
    let rule: String
    let severity: String
  }

  /// The path among those that are served, or `other`.
  var route: String
  /// How it ended, such as `pass` or `denied`.
  var outcome: String
  var findings: [Counted] = []
  /// `uid`, name and adapter, where known, in this order.
  var subject: [(key: String, value: String)] = []
  /// Whether the log may leave it out: probes and scrapes that went well.
  var isRoutine = false

  /// The same in everything that is counted.
  package static func == (one: RequestRecord, other: RequestRecord) -> Bool {
    one.route == other.route && one.outcome == other.outcome && one.findings == other.findings
  }

  /// The line of the log: one JSON object.
  func line(status: Int, seconds: Double, received: Int) -> String {
    var object: JSONObject = [
      "time": .string(Self.now), "path": .string(route), "status": JSONValue(status), "outcome": .string(outcome),
      "seconds": .real((seconds * 1e6).rounded() / 1e6), "bytes": JSONValue(received),
    ]
    for (key, value) in subject { object[key] = .string(escaped(value)) }
    let rules = Set(findings.filter { $0.severity != "note" }.map(\.rule)).ordered()
    if !rules.isEmpty { object["rules"] = .array(rules.map { .string($0) }) }
    return JSONValue.object(object).text()
  }

  /// The time in UTC as RFC 3339 writes it.
  static var now: String {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return timestamp(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
  }

  /// A time from 1970 on in UTC, by the calendar that counts years from March.
  static func timestamp(seconds: Int, milliseconds: Int) -> String {
    func padded(_ value: Int, _ width: Int = 2) -> String {
      let digits = "\(value)"
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400)
    let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let (day, month) = (dayOfYear - (153 * march + 2) / 5 + 1, march < 10 ? march + 3 : march - 9)
    let year = era * 400 + yearOfEra + (month < 3 ? 1 : 0)
    return "\(padded(year, 4))-\(padded(month))-\(padded(day))T\(padded(second / 3600)):"
      + "\(padded(second / 60 % 60)):\(padded(second % 60)).\(padded(milliseconds, 3))Z"
  }
}
