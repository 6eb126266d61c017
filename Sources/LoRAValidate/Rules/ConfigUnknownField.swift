import LoRAModel

extension Rule {
  /// The config has fields that this version does not know.
  static let configUnknownField = Rule(
    .configUnknownField, "The config has fields that are not known here",
    meaning: """
      `adapter_config.json` holds fields that are not in PEFT's LoRA config as this version knows it. PEFT itself drops \
      such fields with a warning.
      """,
    consequence: """
      A newer PEFT may have given the field a meaning that changes the arithmetic; an engine that does not know it \
      ignores it. Often it is a harmless extra of a trainer.
      """,
    remedy:
      "Look the field up in the release notes of the PEFT version that wrote the file; update this tool if needed.",
    repair: .no("PEFT drops the field by itself, and what a newer release means by it is not known."),
    example: """
      note  config-unknown-field  the config has a field that this version does not know: trainer_state
      """)
}
