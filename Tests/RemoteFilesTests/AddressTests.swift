import LoRATestSupport
import Testing

@testable import RemoteFiles

struct AddressTests {
  @Test func addressesAreRead() throws {
    let address = try WebAddress(parsing: "HTTPS://user:p%40ss@Example.COM:8443/a b/ä?x=1#part")
    #expect(address.text == "https://example.com:8443/a%20b/%C3%A4?x=1")
    #expect(address.userPassword == "user:p@ss")
    #expect(address.shown == "https://example.com:8443/a%20b/%C3%A4")
    #expect(try WebAddress(parsing: "https://h").text == "https://h/")
    #expect(try WebAddress(parsing: "https://h\\@other/x").host == "h")
    #expect(try WebAddress(parsing: "https://h:443/x").origin == "https://h")
    #expect(try WebAddress(parsing: "https://[2001:db8::1]:8443/x").authority == "[2001:db8::1]:8443")
  }

  @Test(arguments: [
    "https://", "https:///x", "https://a b/x", "https://h:0/x", "https://h:99999/x", "https://h\u{0}/x", "ftp://h/x",
    "https://h:80:80/x", "file:///etc/passwd", "https://ho\nst/x",
  ])
  func othersAreRefused(_ text: String) { #expect(throws: RemoteFailure.self) { try WebAddress(parsing: text) } }

  @Test(arguments: [
    ("http://127.0.0.1/x", true), ("http://127.8.9.1:80/x", true), ("http://localhost:8000/x", true),
    ("http://[::1]/x", true), ("http://a.localhost/x", true), ("http://127.0.0.1.evil.example/x", false),
    ("http://127.evil.example/x", false), ("http://localhost.evil.example/x", false), ("http://10.0.0.1/x", false),
    ("http://user@127.0.0.1:x@example.com/", false), ("http://127.0.0.1@example.com/", false),
  ])
  func plainTextGoesToThisMachineAlone(_ text: String, _ isAllowed: Bool) {
    let address = try? WebAddress(parsing: text)
    #expect((address != nil) == isAllowed)
  }

  @Test func redirectsKeepWhatBelongsToTheServer() throws {
    let address = try WebAddress(parsing: "https://u:p@h/a/b?x=1")
    #expect(try address.following("/c?y").text == "https://h/c?y")
    #expect(try address.following("c").text == "https://h/a/c")
    #expect(try address.following("/c").userPassword == "u:p")
    #expect(try address.following("https://other/c").userPassword == nil)
    #expect(try address.following("//other/c").text == "https://other/c")
    #expect(throws: RemoteFailure.self) { try address.following("http://h/c") }
    #expect(throws: RemoteFailure.self) { try address.following("http://127.0.0.1/c") }
    #expect(throws: RemoteFailure.self) { try address.following("file:///etc/passwd") }
  }

  @Test(arguments: [
    ("hf://org/name", "org/name", "main", "hf://org/name"),
    ("hf://org/name@v1/sub/file.safetensors", "org/name", "v1", "hf://org/name@v1"),
    ("hf://org/name@refs/pr/1/x", "org/name", "refs/pr/1", "hf://org/name@refs/pr/1"),
    ("hf://org/name@refs%2Fpr%2F1", "org/name", "refs/pr/1", "hf://org/name@refs%2Fpr%2F1"),
    ("hf://gpt2", "gpt2", "main", "hf://gpt2"),
    ("hf://org/name/", "org/name", "main", "hf://org/name"),
  ])
  func repositoriesAreRead(_ text: String, _ id: String, _ revision: String, _ root: String) throws {
    let hub = try HubAddress(parsing: text)
    #expect((hub.repository, hub.revision, hub.root) == (id, revision, root))
  }

  @Test(arguments: [
    "hf://", "hf:///", "hf://../x", "hf://a//b", "hf://org/..", "hf://org/name@", "hf://org/name@..",
    "hf://datasets/a/b", "hf://org/na me", "hf://org/name@refs/pr",
  ])
  func otherRepositoriesAreRefused(_ text: String) {
    #expect(throws: RemoteFailure.self) { try HubAddress(parsing: text) }
  }

  @Test func secretsOfAnArgumentAreNeverInItsPath() {
    let files = RemoteFiles(environment: { _ in nil })
    #expect(files.path(for: "https://h/a.safetensors?sig=secret") == "https://h/a.safetensors")
    #expect(files.path(for: "https://h/a.safetensors?sig=secret") == "https://h/a.safetensors")
    #expect(files.path(for: "https://h/a.safetensors?sig=other") == "https://h/#2/a.safetensors")
    #expect(files.path(for: "https://user:secret@h/a/#secret") == "https://h/a")
    #expect(files.path(for: "HTTPS://user:secret@h/a") == "https://h/#2/a")
    #expect(files.path(for: "https://h") == "https://h")
    #expect(files.path(for: "https://h?secret") == "https://h/#2")
    #expect(!files.path(for: "https://user:secret@h h/a?secret#secret").contains("secret"))
    #expect(!files.path(for: "https://user:sec/ret@h h/a?secret#secret").contains("ret"))
    #expect(files.path(for: "hf://org/name/") == "hf://org/name")
    #expect(files.path(for: "adapters/one") == "adapters/one")
  }

  @Test func pagesOfABucketAreRead() throws {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>a/</Prefix>
      <IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b=</NextContinuationToken>
      <Contents><Key>a/x%20y%2B.json</Key><Size>1</Size><Owner><ID>Key</ID></Owner></Contents>
      <Contents><Key>a/&lt;z</Key></Contents><CommonPrefixes/></ListBucketResult>
      """
    let page = try #require(BucketListing(Array(text.utf8)))
    #expect(page.keys == ["a/x y+.json", "a/<z"])
    #expect(page.next == "a&b=")
    for broken in ["", "<html></html>", "<ListBucketResult>", "<ListBucketResult></a></b>", "<a", text + "</x>"] {
      #expect(BucketListing(Array(broken.utf8)) == nil)
    }
  }

  /// Whatever an argument or a server says, it is read or refused.
  @Test func noTextIsTooOdd() {
    let seeds = [
      "https://user:p%40ss@[::1]:8443/a/../b?x=%ZZ#f", "http://127.0.0.1/x", "hf://org/name@refs/pr/1/x",
      "s3://bucket/key", "bytes 0-99/1000", "HTTP/1.1 200 OK\r\nETag: \"x\"\r\n:\r\nContent-Length: 5",
      "<ListBucketResult><Contents><Key>a&amp;%41</Key></Contents><IsTruncated>true</IsTruncated></ListBucketResult>",
    ].map { Array($0.utf8) }
    var generator = SeededGenerator(seed: 7)
    let files = RemoteFiles(environment: { _ in nil })
    for round in 0..<20_000 {
      var bytes = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.insert(Array("%:/@[]<>?#.-".utf8)[Int.random(in: 0..<12, using: &generator)], at: place)
        case 2: bytes.removeLast(Int.random(in: 0..<min(8, bytes.count), using: &generator))
        default: bytes += bytes[place...].prefix(20)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let path = files.path(for: text)
      #expect(!path.hasPrefix("https://user:p%40ss@"))
      if let address = try? WebAddress(parsing: text) {
        #expect(address.text.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        _ = try? address.following(text)
        _ = try? WebAddress(parsing: "https://h/a").following(text)
      }
      if let hub = try? HubAddress(parsing: text) { #expect(!hub.root.contains("..")) }
      _ = try? BucketSite.parts(of: text)
      if let range = ContentRange(text)?.bytes { #expect(!range.isEmpty) }
      _ = HTTPAnswer.headers(text)
      _ = BucketListing(bytes)
    }
  }
}
