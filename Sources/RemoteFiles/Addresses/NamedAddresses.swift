import LoRAIO
import Synchronization

/// What the user named, and where it lies.
final class NamedAddresses: Sendable {
  private let addresses = Mutex<[String: WebAddress]>([:])

  subscript(path: String) -> WebAddress? { addresses.withLock { $0[path] } }

  /// The path that an address is shown as.
  ///
  /// Addresses that differ in what is not shown are different files, in folders that are numbered.
  func add(_ address: WebAddress) -> String {
    addresses.withLock { addresses in
      let path = address.shown.withoutLastSlashes
      let folder = address.path == "/" ? path : Folder.parent(path)
      var name = path
      var count = 1
      while let other = addresses[name], other != address {
        count += 1
        let last = path.dropFirst(folder.count).drop { $0 == "/" }
        name = Folder.join(Folder.join(folder, "#\(count)"), String(last)).withoutLastSlashes
      }
      addresses[name] = address
      return name
    }
  }
}

extension String {
  var withoutLastSlashes: String {
    var text = self
    while text.hasSuffix("/"), !text.hasSuffix("//") { text.removeLast() }
    return text
  }

  /// What can be shown of a text that should be an address and is none.
  var withoutSecrets: String {
    let text = prefix { $0 != "?" && $0 != "#" }
    guard let at = text.lastIndex(of: "@"), let slashes = text.firstIndex(of: "/") else { return String(text) }
    return text[...slashes] + "/" + text[text.index(after: at)...]
  }
}
