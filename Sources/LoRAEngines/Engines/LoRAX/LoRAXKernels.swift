/// What LoRAX's kernels for adapters that are loaded at run time can multiply (`utils/punica.py`, `punica_kernels`).
enum LoRAXKernels {
  /// The rank that a module's factors are filled up to.
  static func paddedRank(_ rank: UInt64, devices: UInt64) -> UInt64 {
    // A header may claim anything; more than this is refused elsewhere.
    let rank = min(rank, 1 << 40)
    let smallest = 8 * min(devices, 1 << 40)
    return rank <= smallest ? smallest : (rank + 15) / 16 * 16
  }

  /// Above this padded rank it multiplies without kernels of its own.
  static let largestRank: UInt64 = 128

  /// Padded ranks that both prompts (`sgmv_shrink`) and single tokens (`dispatch_bgmv`) have a kernel for.
  static let ranks: [UInt64] = [8, 16, 32, 64, 128]

  /// Sizes of a module's input and output that single tokens have a kernel for (`bgmv_config.h`); it lists more, from
  /// 65,536 up, which `dispatch_bgmv` never asks for.
  static let widths: Set<UInt64> = [
    256, 512, 640, 768, 1024, 1152, 1280, 1536, 1728, 1792, 2048, 2304, 2560, 2752, 2816, 3072, 3456, 3584,
    4096, 4480, 4608, 5120, 5504, 5632, 6144, 6848, 6912, 7168, 7680, 8192, 8960, 9216, 9472, 10_240, 11_008,
    12_288, 13_696, 13_824, 14_336, 15_360, 16_384, 17_920, 18_944, 20_480, 22_016, 24_576, 27_392, 27_648,
    28_672, 32_000, 32_256, 32_512, 32_768, 33_024, 35_840, 36_864, 43_264, 49_152, 64_000, 64_256, 64_512,
  ]
}
