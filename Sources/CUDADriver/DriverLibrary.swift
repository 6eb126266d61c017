import CCUDADriver
import Glibc
import Synchronization

/// The NVIDIA driver's library, loaded when it is first asked for and never unloaded.
@safe package final class DriverLibrary: Sendable {
  /// The file that was loaded.
  package let path: String
  /// The version of the interface that the driver supports: 1000 · major + 10 · minor.
  package let version: Int
  private nonisolated(unsafe) let driver: UnsafePointer<cuda_driver>

  /// Environment variable with the path of the library to load instead of the installed one.
  package static let pathVariable = "LORA_TOOL_LIBCUDA"

  /// The soname, then folders where containers and distributions keep the driver out of the loader's sight.
  private static let candidates = [
    "libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/usr/lib/aarch64-linux-gnu/libcuda.so.1",
    "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1",
    "/run/opengl-driver/lib/libcuda.so.1",
  ]

  private static let loaded = Mutex<[String: DriverLibrary]>([:])

  /// Loads and initialises the driver, or gives the one that is loaded.
  ///
  /// - Parameter path: the library; nil for `LORA_TOOL_LIBCUDA`, else the installed driver.
  /// - Throws: `CUDAError` of `dlopen`, `dlsym`, `cuInit` or `cuDriverGetVersion`; a later call tries again.
  package static func load(_ path: String? = nil) throws(CUDAError) -> DriverLibrary {
    let variable = unsafe getenv(pathVariable).map { unsafe String(cString: $0) }
    let chosen = path ?? variable
    let key = chosen ?? ""
    if let library = loaded.withLock({ $0[key] }) { return library }
    let library = try DriverLibrary(paths: chosen.map { [$0] } ?? candidates)
    return loaded.withLock { libraries in
      if let earlier = libraries[key] { return earlier }
      libraries[key] = library
      return library
    }
  }

  private init(paths: [String]) throws(CUDAError) {
    var failure: String?
    for path in paths {
      guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
        // The first name is what a reader expects to be told about.
        if failure == nil { failure = unsafe dlerror().map { unsafe String(cString: $0) } }
        continue
      }
      var missing: UnsafePointer<CChar>?
      guard let driver = unsafe cuda_driver_bind(handle, &missing) else {
        let symbol = unsafe missing.map { unsafe String(cString: $0) } ?? "memory"
        throw CUDAError(call: "dlsym", result: nil, name: "\(path) has no \(symbol)")
      }
      self.path = path
      unsafe self.driver = driver
      var version: Int32 = 0
      let results = unsafe [
        ("cuInit", driver.pointee.cuInit(0)), ("cuDriverGetVersion", driver.pointee.cuDriverGetVersion(&version)),
      ]
      self.version = Int(version)
      for (call, result) in results { try check(call, result) }
      return
    }
    throw CUDAError(call: "dlopen", result: nil, name: failure ?? "no driver was found")
  }

  /// The functions.
  var calls: cuda_driver { unsafe driver.pointee }

  /// Number of devices.
  package func deviceCount() throws(CUDAError) -> Int {
    var count: Int32 = 0
    try check("cuDeviceGetCount", unsafe calls.cuDeviceGetCount(&count))
    return Int(count)
  }

  func check(_ call: String, _ result: cuda_result) throws(CUDAError) {
    if result != CUDA_SUCCESS { throw error(call, Int(result)) }
  }

  func error(_ call: String, _ result: Int, log: String? = nil) -> CUDAError {
    var name: UnsafePointer<CChar>?
    var text: UnsafePointer<CChar>?
    _ = unsafe calls.cuGetErrorName(cuda_result(truncatingIfNeeded: result), &name)
    _ = unsafe calls.cuGetErrorString(cuda_result(truncatingIfNeeded: result), &text)
    return unsafe CUDAError(
      call: call, result: result, name: name.map { unsafe String(cString: $0) } ?? "CUDA error",
      detail: log ?? text.map { unsafe String(cString: $0) } ?? "")
  }
}
