import Testing

@testable import LoRAModel
