import Testing

@testable import RemoteFiles

struct ContentRangeTests {
  @Test func rangesAreRead() {
    #expect(ContentRange("bytes 0-99/1000")?.bytes == 0..<100)
    #expect(ContentRange("bytes 0-99/1000")?.total == 1000)
    #expect(ContentRange("bytes */10")?.bytes == nil)
    #expect(ContentRange("bytes */10")?.total == 10)
    #expect(ContentRange("bytes 5-5/*")?.total == nil)
  }

  @Test(arguments: [
    "", "bytes", "bytes 0-99", "lines 0-9/10", "bytes 9-0/10", "bytes 0-10/10", "bytes -1-3/10", "bytes 0-1/x",
    "bytes 0-18446744073709551615/18446744073709551615", "bytes 0-1/18446744073709551615", "bytes 0-1-2/5",
  ])
  func othersAreRefused(_ text: String) { #expect(ContentRange(text) == nil) }
}
