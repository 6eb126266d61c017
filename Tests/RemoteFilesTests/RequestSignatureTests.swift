import JSON
import LoRATestSupport
import Testing

@testable import RemoteFiles

struct RequestSignatureTests {
  /// The headers are those that botocore makes (`testdata/make/signatures.py`).
  @Test func signaturesAreThoseOfBotocore() throws {
    let cases = try #require(try Fixtures.json("remote/signatures.json").array)
    #expect(cases.count >= 80)
    for value in cases {
      let text = { (name: String) in value[name]?.string ?? "" }
      let signature = RequestSignature(
        AWSCredentials(keyID: text("key"), secret: text("secret"), sessionToken: value["token"]?.string),
        region: text("region"))
      let lines = signature.headerLines(
        host: text("host"), path: text("path"), query: text("query").isEmpty ? nil : text("query"),
        seconds: Int(try #require(value["seconds"]?.int64)))
      let expected = try #require(value["headers"]?.object?.members).map { "\($0.key): \($0.value.string ?? "")" }
      #expect(Set(lines.map { $0.replacing("Authorization:", with: "authorization:") }) == Set(expected))
    }
  }

  /// RFC 4231, cases 1, 2 and 6.
  @Test func codesAreThoseOfTheStandard() {
    #expect(
      hexadecimal(hmac([UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8)))
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      hexadecimal(hmac(Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      hexadecimal(
        hmac(
          [UInt8](repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }
}
