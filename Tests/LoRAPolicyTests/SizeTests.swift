import Diagnostics
import TensorCore
import Testing

/// Sizes as policies and command lines write them.
@Suite struct SizeTests {
  @Test(arguments: [
    ("0", 0), ("4096", 4096), ("12 B", 12), ("160MB", 160_000_000), ("150MiB", 157_286_400), ("1.5GiB", 1_610_612_736),
    ("1.5 gib", 1_610_612_736), ("0.25KiB", 256), ("2TB", 2_000_000_000_000),
    ("16777215TiB", 18_446_742_974_197_923_840),
    ("3.000001MB", 3_000_001), ("7kb", 7000),
  ])
  func sizesAreExact(_ text: String, _ bytes: UInt64) {
    #expect(ByteCount(parsing: text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "MB", "160M", "160 mega", "-1MB", "1,5GB", "1.GB", ".5GB", "1.2.3GB", "16777216TiB", "99999999999999999999",
    "0x10", "1e3", "1.5", "٣MB", "1.1234567MB", "inf", "1MB ",
  ])
  func otherTextIsNone(_ text: String) {
    #expect(ByteCount(parsing: text) == nil)
  }

  @Test(arguments: [
    ("rnak", "rank"), ("sevrity", "severity"), ("Rank", "rank"), ("bf-16", nil), ("", nil), ("completely-else", nil),
  ])
  func theClosestNameIsNear(_ name: String, _ known: String?) {
    #expect(closest(to: name, among: ["rank", "alpha", "severity"]) == known)
  }
}
