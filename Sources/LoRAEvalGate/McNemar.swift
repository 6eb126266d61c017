import Glibc

/// The exact McNemar test of paired answers, which says how likely it is that as many prompts broke by chance.
///
/// Only prompts whose answers changed between right and wrong say anything. Of `broken + fixed` such prompts, each is
/// equally likely to have broken or been fixed when nothing got worse (McNemar 1947; the exact form with the binomial
/// distribution is Agresti, Categorical Data Analysis, section 11.1).
public struct McNemar: Sendable, Equatable {
  /// Prompts that were right and are wrong now.
  public let broken: UInt64
  /// Prompts that were wrong and are right now.
  public let fixed: UInt64
  /// All prompts.
  public let prompts: UInt64

  /// A test of `prompts` pairs; `broken + fixed` is at most `prompts`.
  public init(broken: UInt64, fixed: UInt64, prompts: UInt64) {
    self.broken = broken
    self.fixed = fixed
    self.prompts = prompts
  }

  /// Two-sided p-value: twice the smaller tail of Binomial(broken + fixed, ½), at most 1.
  public var pValue: Double {
    let changed = broken + fixed
    let smaller = min(broken, fixed)
    guard changed > 0, smaller < changed - smaller else { return 1 }
    // P(X ≤ k) = I½(n - k, k + 1)
    return min(1, 2 * incompleteBeta(0.5, Double(changed - smaller), Double(smaller) + 1))
  }

  /// Interval of the regression `(broken - fixed) / prompts`, exact given the number of prompts that changed: the
  /// Clopper-Pearson interval of the share that broke among them, carried over.
  public func interval(confidence: Double = 0.95) -> ClosedRange<Double> {
    let changed = Double(broken + fixed)
    guard changed > 0, prompts > 0 else { return 0...0 }
    let share = clopperPearson(broken, of: broken + fixed, confidence: confidence)
    let scale = changed / Double(prompts)
    return scale * (2 * share.lowerBound - 1)...scale * (2 * share.upperBound - 1)
  }

  /// The largest share of all prompts that could break and still leave `broken` or fewer among these.
  ///
  /// This is the one-sided Clopper-Pearson bound. With no broken prompt of n it is 1 - (1 - confidence)^(1/n), about 3/n.
  public func brokenUpperBound(confidence: Double = 0.95) -> Double {
    guard prompts > 0, broken < prompts else { return 1 }
    return betaQuantile(confidence, Double(broken) + 1, Double(prompts - broken))
  }

  /// How many prompts without a broken one show, at `confidence`, that less than `share` of all prompts broke.
  public static func promptsNeeded(for share: Double, confidence: Double = 0.95) -> UInt64? {
    guard share > 0, share < 1 else { return nil }
    return UInt64(exactly: (log(1 - confidence) / log1p(-share)).rounded(.up))
  }
}

/// The exact (Clopper-Pearson) interval of a probability after `successes` of `trials`.
func clopperPearson(_ successes: UInt64, of trials: UInt64, confidence: Double) -> ClosedRange<Double> {
  let tail = (1 - confidence) / 2
  let (k, n) = (Double(successes), Double(trials))
  let low = successes == 0 ? 0 : betaQuantile(tail, k, n - k + 1)
  let high = successes == trials ? 1 : betaQuantile(1 - tail, k + 1, n - k)
  return low...max(low, high)
}

/// The regularised incomplete beta function I_x(a, b), a and b positive.
///
/// Continued fraction of DLMF 8.17.22, by Lentz's method; of the two equal forms the one that converges fast is used.
func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
  if x <= 0 { return 0 }
  if x >= 1 { return 1 }
  let front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
  if x < (a + 1) / (a + b + 2) { return front * betaFraction(x, a, b) / a }
  return 1 - front * betaFraction(1 - x, b, a) / b
}

private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
  let tiny = 1e-300
  func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
  var c = 1.0
  var d = 1 / away(1 - (a + b) * x / (a + 1))
  var result = d
  // About √max(a, b) steps are needed; the bound is never reached for counts that fit in memory.
  for step in 1...1_000_000 {
    let m = Double(step)
    let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    result *= d * c
    let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    let change = d * c
    result *= change
    if abs(change - 1) < 3e-16 { break }
  }
  return result
}

/// The x with I_x(a, b) = p, by bisection down to neighbouring doubles' distance.
private func betaQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
  var (low, high) = (0.0, 1.0)
  for _ in 0..<200 {
    let middle = low + (high - low) / 2
    if middle <= low || middle >= high { break }
    if incompleteBeta(middle, a, b) < p { low = middle } else { high = middle }
  }
  return low + (high - low) / 2
}

private func logGamma(_ x: Double) -> Double {
  var sign: Int32 = 0
  return unsafe lgamma_r(x, &sign)
}
