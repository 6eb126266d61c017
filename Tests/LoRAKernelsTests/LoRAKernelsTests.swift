import Testing

@testable import LoRAKernels
