import LoRAIO
import TensorCore

extension SafetensorsFile {
  static func examineCompressed(_ input: InputFile) -> Examined {
    Examined(file: nil, findings: [])
  }
}
