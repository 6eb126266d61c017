import JSON
import TensorCore

extension GateReport {
  /// Lines for people.
  public var text: [String] {
    var lines: [String] = []
    for adapter in adapters { lines += Self.text(adapter, options) }
    if adapters.count > 1 {
      lines.append("")
      lines.append(Self.headline(total, options))
    }
    if !changes.isEmpty {
      lines += ["", "changed answers:"]
      for change in changes { lines += change.text }
      let count = total.broken + total.fixed + total.stillWrong
      if count > UInt64(changes.count) { lines.append("  and \(grouped(count - UInt64(changes.count))) more") }
    }
    return lines
  }

  private static func headline(_ result: GateResult, _ options: GateOptions) -> String {
    guard let before = result.baselineScore, let after = result.candidateScore, let regression = result.regression
    else { return "\(escaped(result.name)): \(grouped(result.extra)) answers, none of them in the baseline" }
    return "\(escaped(result.name)): \(grouped(result.prompts)) prompts, \(percent(before)) right before, "
      + "\(percent(after)) after: regression \(percent(regression)), limit \(options.maxRegression)"
  }

  private static func text(_ result: GateResult, _ options: GateOptions) -> [String] {
    let status = result.status(options)
    var lines = ["\(status == .skipped ? "skip" : status.rawValue)  \(headline(result, options))"]
    for remark in remarks(result, options) { lines.append("      " + remark) }
    return lines
  }

  /// What else is to be said of an adapter, each in a sentence.
  static func remarks(_ result: GateResult, _ options: GateOptions) -> [String] {
    guard result.prompts > 0 else { return [] }
    var lines: [String] = []
    let test = result.mcnemar
    let interval = test.interval(confidence: options.confidence)
    let confidence = "\(fixed(options.confidence * 100, 0)) %"
    lines.append(
      "\(grouped(result.broken)) broken, \(grouped(result.fixed)) fixed; exact McNemar p = "
        + "\(significant(test.pValue)), \(confidence) interval \(percent(interval.lowerBound)) to "
        + "\(percent(interval.upperBound))")
    if result.status(options) == .fail, test.pValue > 1 - options.confidence {
      lines.append("the verdict goes by the regression itself, which on so few changed answers may be chance")
    }
    let bound = test.brokenUpperBound(confidence: options.confidence)
    var reach = "\(grouped(result.prompts)) prompts leave room for up to \(percent(bound)) broken"
    if bound > options.maxRegression.value,
      let needed = McNemar.promptsNeeded(for: options.maxRegression.value, confidence: options.confidence)
    {
      reach += "; to rule out \(options.maxRegression) takes \(grouped(needed)) prompts of which none breaks"
    }
    lines.append(reach)
    if result.missing > 0 { lines.append("\(grouped(result.missing)) prompts without an answer count as wrong") }
    if result.extra > 0 {
      lines.append("\(grouped(result.extra)) answers to prompts that the baseline does not have are not scored")
    }
    if result.baselineInvalid + result.candidateInvalid > 0 {
      lines.append(
        "arguments that are no valid JSON: \(grouped(result.baselineInvalid)) before, "
          + "\(grouped(result.candidateInvalid)) after")
    }
    if result.unstated > 0 {
      lines.append("\(grouped(result.unstated)) prompts without \"expected\": the baseline's answer counts as right")
    }
    return lines
  }

  /// A share in percent, with the decimals that one prompt in many needs.
  static func percent(_ share: Double) -> String {
    let text = fixed(share * 100, 3)
    var digits = text
    while digits.hasSuffix("0") && !digits.hasSuffix(".0") { digits.removeLast() }
    return digits + " %"
  }

  /// A probability with three significant digits.
  static func significant(_ value: Double) -> String {
    guard value > 0, value < 1 else { return value >= 1 ? "1" : "0" }
    if value < 1e-4 {
      var power = 0
      var mantissa = value
      while mantissa < 1 && power > -320 {
        mantissa *= 10
        power -= 1
      }
      return "\(fixed(mantissa, 1))e\(power)"
    }
    return fixed(value, value < 0.01 ? 5 : 3)
  }
}

extension ChangedAnswer {
  /// The change in a few lines.
  fileprivate var text: [String] {
    var lines = ["  \(kind.rawValue)  \(escaped(adapter)) \(escaped(id, limit: 80))"]
    if let expected { lines.append("    expected   \(escaped(expected))") }
    lines.append("    baseline   \(escaped(baseline))")
    lines.append("    candidate  \(candidate.map { escaped($0) } ?? "no answer")")
    return lines
  }
}
