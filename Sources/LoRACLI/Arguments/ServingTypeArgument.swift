public import ArgumentParser
package import LoRAEngines

/// Options name the type that an engine computes in as `bf16`, `f16` or `f32`.
extension ServingDType: ExpressibleByArgument {}
