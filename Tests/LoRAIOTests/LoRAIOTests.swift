import Testing

@testable import LoRAIO
