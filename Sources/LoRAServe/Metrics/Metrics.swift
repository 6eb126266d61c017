import Synchronization
import TensorCore

/// What the service counts, in the text form that Prometheus scrapes.
///
/// Source: prometheus.io, "Exposition formats", version 0.0.4. Labels take their values from fixed lists, so that no
/// request can make new series.
final class Metrics: Sendable {
  private struct Labels: Hashable {
    let one: String
    let other: String
  }

  private struct State {
    var requests: [Labels: UInt64] = [:]
    var findings: [Labels: UInt64] = [:]
    var durations: [String: Histogram] = [:]
    var received: UInt64 = 0
    var sent: UInt64 = 0
    var inFlight = 0
    var connections = 0
  }

  private let state = Mutex(State())
  private let toolVersion: String

  init(toolVersion: String) { self.toolVersion = toolVersion }

  /// Counts an answered request.
  func count(_ record: RequestRecord, seconds: Double, received: Int, sent: Int) {
    state.withLock { state in
      state.requests[Labels(one: record.route, other: record.outcome), default: 0] += 1
      for finding in record.findings {
        state.findings[Labels(one: finding.rule, other: finding.severity), default: 0] += 1
      }
      state.durations[record.route, default: Histogram()].observe(seconds)
      state.received &+= UInt64(received)
      state.sent &+= UInt64(sent)
    }
  }

  /// Notes that a judgement began or ended.
  func changeInFlight(by change: Int) { state.withLock { $0.inFlight += change } }

  /// Notes how many connections there are.
  func setConnections(_ count: Int) { state.withLock { $0.connections = count } }

  /// All of it.
  var text: String {
    let now = state.withLock { $0 }
    var lines: [String] = []
    func family(_ name: String, _ type: String, _ help: String, _ samples: [String]) {
      lines += ["# HELP lora_tool_\(name) \(help)", "# TYPE lora_tool_\(name) \(type)"]
      lines += samples.map { "lora_tool_\(name)\($0)" }
    }
    func pairs(_ counts: [Labels: UInt64], _ one: String, _ other: String) -> [String] {
      counts.map { "{\(one)=\"\($0.key.one)\",\(other)=\"\($0.key.other)\"} \($0.value)" }.ordered()
    }
    family("requests_total", "counter", "Requests by path and outcome.", pairs(now.requests, "path", "outcome"))
    family("findings_total", "counter", "Findings by rule and severity.", pairs(now.findings, "rule", "severity"))
    family(
      "request_duration_seconds", "histogram", "Seconds from the whole request to its answer.",
      now.durations.ordered { $0.key < $1.key }.flatMap { Self.samples($0.key, $0.value) })
    family("request_body_bytes_total", "counter", "Bytes of the bodies of requests.", [" \(now.received)"])
    family("response_body_bytes_total", "counter", "Bytes of the bodies of answers.", [" \(now.sent)"])
    family("requests_in_flight", "gauge", "Requests that wait or are being judged.", [" \(now.inFlight)"])
    family("connections", "gauge", "Open connections.", [" \(now.connections)"])
    family("build_info", "gauge", "The version that runs.", ["{version=\"\(toolVersion)\"} 1"])
    return lines.map { $0 + "\n" }.joined()
  }

  private static func samples(_ path: String, _ histogram: Histogram) -> [String] {
    let label = "path=\"\(path)\""
    return zip(Histogram.bounds, histogram.cumulative).map { "_bucket{\(label),le=\"\($0)\"} \($1)" } + [
      "_bucket{\(label),le=\"+Inf\"} \(histogram.count)", "_sum{\(label)} \(histogram.sum)",
      "_count{\(label)} \(histogram.count)",
    ]
  }
}
