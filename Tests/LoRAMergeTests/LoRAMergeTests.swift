import Testing

@testable import LoRAMerge
