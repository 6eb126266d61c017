import Testing

@testable import LoRAInspect
