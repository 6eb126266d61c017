import CUDADriver

/// A point in a stream that several owners can wait for.
final class Milestone: Sendable {
  let event: CUDAEvent

  init(_ context: CUDAContext) throws(CUDAError) { event = try CUDAEvent(context) }
}
