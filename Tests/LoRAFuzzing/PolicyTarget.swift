import LoRAPolicy
import LoRATestSupport
import LoRAValidate

/// Policy files.
struct PolicyTarget: FuzzTarget {
  let name = "policy"

  private static let words = [
    "rank:", "max:", "min:", "allowed:", "alpha:", "targets:", "dtype:", "size:", "base:", "metadata:", "severity:",
    "ignore:",
    "- ", "  ", "\n", "&a ", "*a", "<<: *a", "!!binary ", "---\n", "...", "|", ">", "{", "}", "[", "]", ",", "? ", ": ",
    "\"",
    "'", "#", "1e999", "0x10", "1_000", "~", "null", "yes", "64MiB", "18446744073709551616", "\t", "%YAML 1.2\n", "é",
    "\u{7F}",
  ]

  func seeds() -> [[UInt8]] {
    // The starter's settings that are switched off are lines that begin with # and no blank.
    let everything = Policy.starter.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
    }.joined(separator: "\n")
    return [Policy.starter, everything, "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "rank:\n  max: 64\n"].map {
      Array($0.utf8)
    }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    guard random.once(in: 2), let word = random.pick(Self.words) else {
      return ByteMutation.mutate(&input, &random)
    }
    input.insert(contentsOf: word.utf8, at: random.below(input.count + 1))
  }

  func run(_ input: [UInt8]) throws(Violation) {
    _ = try Terminal.answer { () throws(PolicyError) in try Policy(yaml: input, path: "policy.yml") }
  }
}
