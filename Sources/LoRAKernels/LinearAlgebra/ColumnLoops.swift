internal import CLoRAKernels

/// Σ left · right, in eight sums side by side: the same bits at every level.
package func sumOfProducts(
  _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ count: Int, level: KernelLevel = .preferred
) -> Double {
  unsafe lora_sum_of_products(level.index, left, right, count)
}

/// target += factor · source: the same bits at every level.
package func addMultiple(
  _ factor: Double, of source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, _ count: Int,
  level: KernelLevel = .preferred
) {
  unsafe lora_add_multiple(level.index, factor, source, target, count)
}
