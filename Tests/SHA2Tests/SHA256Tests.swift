import SHA2
import Testing

@Suite struct SHA256Tests {
  /// Examples of NIST: FIPS 180-4 and its page of examples with intermediate values, and SHA256ShortMsg.rsp of CAVP.
  static let vectors: [(message: [UInt8], digest: String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ([0xd3], "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
    ([0x11, 0xaf], "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"),
    (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      Array(repeating: UInt8(ascii: "a"), count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test(arguments: vectors.indices) func theDigestIsThatOfTheStandard(index: Int) {
    let (message, digest) = Self.vectors[index]
    #expect(SHA256.hash(data: message).description == digest)
    #expect(SHA256.hash(data: message.lazy.map { $0 }).description == digest)
  }

  /// Every way to cut a message of several blocks in two, and one byte at a time.
  @Test func theDigestDoesNotDependOnThePieces() {
    let message = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 167) }
    let whole = SHA256.hash(data: message)
    for cut in 0...message.count {
      var hash = SHA256()
      hash.update(data: message[..<cut])
      hash.update(data: message[cut...])
      #expect(hash.finalize() == whole)
    }
    var hash = SHA256()
    for byte in message { hash.update(data: [byte]) }
    #expect(hash.finalize() == whole)
  }

  @Test func aCopyGoesOnByItself() {
    var one = SHA256()
    one.update(data: Array("ab".utf8))
    var other = one
    one.update(data: Array("c".utf8))
    other.update(data: Array("d".utf8))
    #expect(one.finalize() == SHA256.hash(data: Array("abc".utf8)))
    #expect(one.finalize() == one.finalize())
    #expect(other.finalize() == SHA256.hash(data: Array("abd".utf8)))
  }
}
