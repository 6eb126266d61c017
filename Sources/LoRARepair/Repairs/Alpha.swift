import Diagnostics
import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRAValidate

extension Repair {
  /// An alpha is never guessed: it is the option's, or one that no module depends on.
  static let alpha = Repair { plan throws(SurgeryError) in
    guard let config = plan.config, config["peft_type"] != nil, !plan.hasAlpha, plan.adapter.format == .peft else {
      return
    }
    let found = config["lora_alpha"].map { escaped($0.text(dialect: .python), limit: 60) } ?? "missing"
    if let alpha = plan.options.alpha {
      plan.mend(.configInvalid, "lora_alpha is \(plain(alpha)), as asked for, instead of \(found)") {
        $0.config?["lora_alpha"] = .number(alpha)
      }
      return
    }
    // Where a pattern gives every module its own, the common one means nothing.
    guard let matching = plan.context.matching, let patterns = plan.adapter.config?.alphaPattern, !patterns.isEmpty,
      !plan.adapter.modules.isEmpty
    else { return }
    let values = plan.adapter.modules.map { matching.alphaPatterns(hitting: $0.name).first?.alpha }
    guard !values.contains(nil), let usual = mostFrequent(values.compactMap(\.self)) else { return }
    plan.mend(
      .configInvalid, "lora_alpha is \(plain(usual)) instead of \(found); alpha_pattern gives every module its own"
    ) { $0.config?["lora_alpha"] = .number(usual) }
  }

  /// A number in a sentence: whole ones without a fraction.
  static func plain(_ value: Double) -> String {
    Int64(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}
