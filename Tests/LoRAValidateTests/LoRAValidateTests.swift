import Testing

@testable import LoRAValidate
