package import CUDADriver

/// Rows of matrices times tokens on a GPU, with the bits that the host gives (`LoRAKernels.AdapterStack`).
package final class CUDAProducts: Sendable {
  /// `cuda:N`.
  package let name: String
  private let context: CUDAContext
  private let loaded: Loaded
  private let kernel: CUDAKernel

  private final class Loaded: Sendable {
    let module: CUDAModule
    init(_ module: consuming CUDAModule) { self.module = module }
  }

  /// Opens a GPU and compiles the kernel.
  ///
  /// - Parameters:
  ///   - ordinal: its number, from 0, in the order of the driver.
  ///   - path: the driver's library; nil for `LORA_TOOL_LIBCUDA`, else the installed one.
  package init(_ ordinal: Int, driver path: String? = nil) throws(CUDAError) {
    name = "cuda:\(ordinal)"
    context = try CUDAContext(try DriverLibrary.load(path), device: ordinal)
    let module = try CUDAModule(context, ptx: ProductKernel.ptx)
    kernel = try module.kernel(ProductKernel.entry)
    loaded = Loaded(module)
  }

  /// Multiplies rows of a matrix with tokens: `[count, rows]`.
  ///
  /// - Parameters:
  ///   - matrix: row by row, each of `length` numbers.
  ///   - rows: the rows that are multiplied.
  ///   - tokens: `[count, length]`.
  package func products(_ matrix: [Float], rows: Range<Int>, length: Int, tokens: [Float], count: Int)
    throws(CUDAError) -> [Float]
  {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound * length <= matrix.count && count * length == tokens.count,
      "rows or tokens outside the numbers")
    var result = [Float](repeating: 0, count: count * rows.count)
    guard !result.isEmpty else { return result }
    let part = matrix[rows.lowerBound * length..<rows.upperBound * length]
    // Freed only after the stream has ended, also when something fails on the way.
    let left = try DeviceBuffer(context, count: part.count * 4)
    let right = try DeviceBuffer(context, count: tokens.count * 4)
    let output = try DeviceBuffer(context, count: result.count * 4)
    let stream = try CUDAStream(context)
    var failure: CUDAError?
    do throws(CUDAError) {
      try Self.copy(part, to: left.address, on: stream)
      try Self.copy(tokens[...], to: right.address, on: stream)
      let groups = (result.count + ProductKernel.threads - 1) / ProductKernel.threads
      guard let grid = UInt32(exactly: groups), grid <= Int32.max else {
        throw CUDAError(call: "cuLaunchKernel", result: nil, name: "too many products for one launch")
      }
      try kernel.launch(
        on: stream, grid: grid, threads: UInt32(ProductKernel.threads),
        [left.address, right.address, output.address, UInt64(rows.count), UInt64(length), UInt64(count)])
      let copied = unsafe result.withUnsafeMutableBytes { bytes -> Result<Void, CUDAError> in
        do throws(CUDAError) {
          unsafe try stream.copy(output.address, to: bytes)
          // The numbers have to be here before their memory is anybody else's.
          try stream.synchronize()
          return .success(())
        } catch {
          return .failure(error)
        }
      }
      try copied.get()
    } catch {
      failure = error
    }
    if let failure {
      do throws(CUDAError) { try stream.synchronize() } catch { context.keep(error) }
      throw failure
    }
    return result
  }

  private static func copy(_ numbers: ArraySlice<Float>, to address: DeviceAddress, on stream: borrowing CUDAStream)
    throws(CUDAError)
  {
    var failure: CUDAError?
    unsafe numbers.withUnsafeBytes { bytes in
      do throws(CUDAError) {
        unsafe try stream.copy(bytes, to: address)
        // Pageable memory is only borrowed here.
        try stream.synchronize()
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
