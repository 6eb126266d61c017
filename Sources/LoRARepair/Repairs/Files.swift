import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors

extension Repair {
  /// A header that other readers may refuse is written as the reference library writes it.
  static let header = Repair { plan throws(SurgeryError) in
    guard plan.input.findings.contains(where: { $0.rule == .headerUnusual }) else { return }
    plan.rewritesHeader = true
    plan.note(Mend(.headerUnusual, "the header is written anew, with the same names, shapes and bytes"))
  }

  /// Pickles beside the weights are not taken along.
  static let pickle = Repair { plan throws(SurgeryError) in
    for finding in plan.input.findings where finding.rule == .pickleWeights && finding.severity == .warning {
      plan.note(Mend(.pickleWeights, "\(escaped(Folder.lastComponent(finding.file))) is not taken along"))
    }
  }

  /// The file that PEFT and the engines look for.
  static let fileName = Repair { plan throws(SurgeryError) in
    guard plan.adapter.format == .peft, plan.config?["peft_type"] != nil else { return }
    let name = Folder.lastComponent(plan.weightsPath)
    guard !name.hasPrefix(PEFTFolder.weightsName) else { return }
    let ending = SafetensorsFile.compressedExtensions.first { name.hasSuffix($0) } ?? ""
    let right = PEFTFolder.weightsName + ending
    // A file that was named by itself may have any name; in its folder it is found by one.
    let isFolder = plan.input.path != plan.input.weightsPath
    let path = Folder.join(Folder.parent(plan.weightsPath), right)
    if isFolder {
      plan.mend(.exportNaming, "\(escaped(name, limit: 120)) is written as \(right)") { $0.weightsPath = path }
    } else {
      plan = plan.trying { $0.weightsPath = path }
    }
  }

  /// A config in UTF-16 or behind a byte-order mark, which no loader reads.
  static let configText = Repair { plan throws(SurgeryError) in
    let path = Folder.join(Folder.parent(plan.input.weightsPath), PEFTFolder.configName)
    guard plan.config == nil, FileKind(path: path) == .regular else { return }
    let bytes = try SurgeryError.catching { () throws(IOError) in
      try InputFile.contents(of: path, limit: AdapterConfig.sizeLimit)
    }
    guard let text = plainText(bytes), let value = try? JSONValue(parsing: text, dialect: .python),
      let members = value.object
    else { return }
    plan.mend(.configInvalid, "adapter_config.json is written as UTF-8 without a byte-order mark") {
      $0.config = members
    }
  }

  /// UTF-8 without mark of a text that begins with a mark; nil for all others.
  private static func plainText(_ bytes: [UInt8]) -> [UInt8]? {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
    let isLittle = bytes.starts(with: [0xFF, 0xFE])
    guard isLittle || bytes.starts(with: [0xFE, 0xFF]), bytes.count % 2 == 0 else { return nil }
    let units = stride(from: 2, to: bytes.count, by: 2).map { position in
      let (first, second) = (UInt16(bytes[position]), UInt16(bytes[position + 1]))
      return isLittle ? second << 8 | first : first << 8 | second
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }
}
