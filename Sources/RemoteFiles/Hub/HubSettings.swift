import JSON
import LoRAIO

/// What the environment says about the Hugging Face Hub, with the meaning that huggingface_hub gives it.
struct HubSettings: Sendable {
  /// `HF_ENDPOINT`, else the Hub itself.
  let endpoint: WebAddress
  /// `HF_TOKEN`, else what stands in the file of `HF_TOKEN_PATH`, else in `HF_HOME/token`.
  let token: String?
  /// Whether only what lies in the cache may be read: `HF_HUB_OFFLINE`.
  let isOffline: Bool
  let cache: HubCache

  init(environment: (String) -> String?) throws(RemoteFailure) {
    do throws(RemoteFailure) {
      endpoint = try WebAddress(parsing: environment("HF_ENDPOINT").nonEmpty ?? "https://huggingface.co")
    } catch {
      throw RemoteFailure(.other, "HF_ENDPOINT cannot be used: \(error.reason)")
    }
    isOffline = Self.isSet(environment("HF_HUB_OFFLINE")) || Self.isSet(environment("TRANSFORMERS_OFFLINE"))
    cache = HubCache(environment: environment)
    token = Self.isSet(environment("HF_HUB_DISABLE_IMPLICIT_TOKEN")) ? nil : Self.token(environment)
  }

  private static func token(_ environment: (String) -> String?) -> String? {
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
      if let token = cleaned(environment(name)) { return token }
    }
    let path =
      environment("HF_TOKEN_PATH").nonEmpty.map { HubCache.expanded($0, environment) }
      ?? Folder.join(HubCache.home(environment: environment), "token")
    guard FileKind(path: path) == .regular, let bytes = try? InputFile.contents(of: path, limit: 4096) else {
      return nil
    }
    return cleaned(String(decoding: bytes, as: UTF8.self))
  }

  /// A token without the white space around it; nil for what cannot stand in a header.
  private static func cleaned(_ text: String?) -> String? {
    guard let word = text?.split(whereSeparator: { $0.isWhitespace }), word.count == 1 else { return nil }
    return word[0].isPrintable ? String(word[0]) : nil
  }

  private static func isSet(_ value: String?) -> Bool {
    ["1", "on", "yes", "true"].contains(value?.lowercased() ?? "")
  }
}

extension Substring {
  fileprivate var isPrintable: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}
