import JSON

/// What changed between releases of PEFT in what a config may say, from the sources of releases 0.2 to 0.21.
///
/// Fields that a release does not know were passed over up to 0.5, keep the config from loading from 0.6 to 0.13, and
/// are dropped with a warning since 0.14.
enum PEFTReleases {
  /// The newest release that was looked at.
  static let newest = "0.21"

  /// The release that brought each `peft_type`.
  private static let types: [String: String] = [
    "LORA": "0.2", "PREFIX_TUNING": "0.2", "PROMPT_TUNING": "0.2", "P_TUNING": "0.2", "ADALORA": "0.3",
    "ADAPTION_PROMPT": "0.3", "IA3": "0.4", "LOHA": "0.6", "LOKR": "0.6", "MULTITASK_PROMPT_TUNING": "0.6",
    "OFT": "0.7", "POLY": "0.8", "BOFT": "0.11", "LN_TUNING": "0.11", "VERA": "0.11", "FOURIERFT": "0.12",
    "HRA": "0.12", "XLORA": "0.12", "VBLORA": "0.13", "BONE": "0.14", "CPT": "0.14", "TRAINABLE_TOKENS": "0.15",
    "C3A": "0.16", "RANDLORA": "0.16", "MISS": "0.17", "SHIRA": "0.17", "DELORA": "0.18", "OSF": "0.18",
    "ROAD": "0.18", "WAVEFT": "0.18", "ADAMSS": "0.19", "CARTRIDGE": "0.19", "GRALORA": "0.19", "LILY": "0.19",
    "PEANUT": "0.19", "PSOFT": "0.19", "PVERA": "0.19", "TINYLORA": "0.19", "BEFT": "0.20", "DEFT": "0.20",
    "FROD": "0.20", "GLORA": "0.20", "HIRA": "0.20", "UNILORA": "0.20", "SHADOW": "0.21", "SUPERTUNING": "0.21",
  ]

  /// Which library reads a method, as the end of "serve it with".
  static func reader(of type: String) -> String {
    let name = escaped(type, limit: 60)
    if type == "BONE" { return "PEFT 0.14 to 0.18, which had BONE (MISS has taken its place since)" }
    guard let since = types[type] else {
      return "the library that made it; no release of PEFT up to \(newest) has \(name)"
    }
    return "a library that knows \(name) (PEFT since \(since))"
  }

  /// What PEFT makes of fields that it does not know.
  static let unknownFields = "PEFT drops such fields with a warning since 0.14, and 0.6 to 0.13 refuse the config"
}
