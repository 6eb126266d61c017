import CAnswers
import Glibc
import JSON

/// What one thread keeps from line to line: the texts and keys that it knows, and memory for strings that are resolved.
///
/// Only one thread at a time may use it.
final class AnswerMemory: @unchecked Sendable {
  let known: KnownTexts
  /// Holds one string with its escapes resolved.
  private var buffer: [UInt8] = []

  init(_ key: FingerprintKey) { known = KnownTexts(allocatedFor: key) }

  deinit { known.deallocate() }

  /// Memory for a string, to be given back.
  func takeBuffer() -> [UInt8] {
    let taken = buffer
    buffer = []
    return taken
  }

  /// Keeps memory for the next string.
  func keep(_ memory: consuming [UInt8]) { buffer = memory }
}

/// The fingerprints of texts that were normalised, because names and places come again and again, and the keys that
/// follow each other in a line.
///
/// Each text has the one place that some bits of the fingerprint of its bytes say. They belong to an `AnswerMemory`,
/// which must live longer.
@safe struct KnownTexts {
  let pointer: OpaquePointer

  init(allocatedFor key: FingerprintKey) { unsafe pointer = lora_make_memory(key.words) }

  func deallocate() { unsafe free(UnsafeMutableRawPointer(pointer)) }

  /// The fingerprint of the text that is written in this way, if it is known.
  func text(_ written: Fingerprint) -> Fingerprint? {
    let entry = unsafe lora_known_place(pointer, written.words).pointee
    return Fingerprint(entry.written) == written ? Fingerprint(entry.text) : nil
  }

  /// Remembers a text in place of another.
  func remember(_ text: Fingerprint, _ written: Fingerprint) {
    unsafe lora_known_place(pointer, written.words).pointee = lora_known_text(written: written.words, text: text.words)
  }

  /// Finds out what the bytes between two quotation marks stand for, and remembers it; false when they are no text.
  ///
  /// - Parameter isQuoted: whether the marks have a backslash before them, as in a string that holds JSON.
  func learn(_ bytes: Span<UInt8>, _ isQuoted: Bool, _ key: FingerprintKey) -> Bool {
    do throws(JSONError) {
      if isQuoted {
        // The bytes are a string of the outer text, which is one of the inner between other quotation marks.
        let inner = try Self.resolved(Self.string(bytes))
        remember(try text(Self.string(inner.span), key), key.bytes(bytes, .quoted))
      } else {
        _ = try text(Self.string(bytes), key)
      }
      return true
    } catch {
      return false
    }
  }

  /// The fingerprint of a string, which is remembered if the string is more than its bytes.
  private func text(_ string: [UInt8], _ key: FingerprintKey) throws(JSONError) -> Fingerprint {
    var scanner = AnswerScanner(string.span, key: key, known: self)
    let text = try scanner.text()
    try scanner.tokens.finish()
    return text
  }

  /// A string's bytes with its escapes resolved.
  private static func resolved(_ string: [UInt8]) throws(JSONError) -> [UInt8] {
    var tokens = JSONTokenizer(string.span)
    var text: [UInt8] = []
    let count = try tokens.string(into: &text)
    try tokens.finish()
    text.removeLast(text.count - count)
    return text
  }

  /// Bytes between quotation marks.
  private static func string(_ bytes: Span<UInt8>) -> [UInt8] {
    var string: [UInt8] = [UInt8(ascii: "\"")]
    string.reserveCapacity(bytes.count + 2)
    for index in bytes.indices { string.append(bytes[index]) }
    string.append(UInt8(ascii: "\""))
    return string
  }
}
