import LoRAEngines
import LoRAIO
public import Safetensors
import TensorCore

/// The contents of slots as one safetensors file.
///
/// In the engines' arrangements there is one tensor for each buffer with all slots in it, in the engine's own shape; in
/// slot-major arrangement one tensor for each buffer of each slot, and those of one slot follow each other. The same
/// slots give the same bytes, whatever machine writes them.
public enum SlotImage {
  /// Why an image could not be written.
  public enum Failure: Error, Sendable, CustomStringConvertible {
    /// The slots could not be read.
    case device(SlotDeviceError)
    /// The file could not be written.
    case file(SafetensorsWriter.Failure)

    /// One sentence.
    public var description: String {
      switch self {
      case .device(let error): error.description
      case .file(let error): error.description
      }
    }
  }

  /// The tensors of the image of a layout.
  static func tensors(of layout: SlotLayout) -> [(name: String, dtype: DType, shape: Shape)] {
    if layout.options.scheme.isSlotMajor {
      return (0..<layout.slots).flatMap { slot in
        layout.buffers.map { (name($0, slot, layout), layout.dtype, $0.shape) }
      }
    }
    return layout.buffers.map { buffer in
      (buffer.name, layout.dtype, Shape([UInt64(layout.slots)] + buffer.shape.dimensions))
    }
  }

  private static func name(_ buffer: SlotBuffer, _ slot: Int, _ layout: SlotLayout) -> String {
    let digits = String(slot)
    let width = String(layout.slots - 1).count
    return "slot." + String(repeating: "0", count: width - digits.count) + digits + "." + buffer.name
  }

  /// Writes all slots to a new file.
  ///
  /// The file is not there or not whole until this returns; write it where that does no harm.
  public static func write(_ memory: any SlotMemory, to path: String, metadata: [(key: String, value: String)])
    throws(Failure)
  {
    let layout = memory.layout
    let writer = try writer(of: layout, at: path, metadata)
    let places = Dictionary(uniqueKeysWithValues: writer.layout.map { ($0.name, $0) })
    for (index, buffer) in layout.buffers.enumerated() {
      var bytes = [UInt8](repeating: 0, count: Int(buffer.slotBytes))
      for slot in 0..<layout.slots {
        let isApart = layout.options.scheme.isSlotMajor
        guard let tensor = places[isApart ? name(buffer, slot, layout) : buffer.name] else { continue }
        try read(memory, index, slot, into: &bytes)
        do throws(IOError) {
          try writer.write(bytes, of: tensor, at: isApart ? 0 : UInt64(slot) * buffer.slotBytes)
        } catch { throw .file(.io(error)) }
      }
    }
    do throws(IOError) { try writer.synchronize() } catch { throw .file(.io(error)) }
  }

  private static func writer(of layout: SlotLayout, at path: String, _ metadata: [(key: String, value: String)])
    throws(Failure) -> SafetensorsWriter
  {
    let places: [TensorInfo]
    do throws(HeaderWriterError) { places = try SafetensorsWriter.layout(of: tensors(of: layout)) } catch {
      throw .file(.header(error))
    }
    do throws(SafetensorsWriter.Failure) {
      return try SafetensorsWriter(creating: path, layout: places, metadata: metadata)
    } catch { throw .file(error) }
  }

  private static func read(_ memory: any SlotMemory, _ buffer: Int, _ slot: Int, into bytes: inout [UInt8])
    throws(Failure)
  {
    var failure: SlotDeviceError?
    unsafe bytes.withUnsafeMutableBytes { output in
      do throws(SlotDeviceError) { unsafe try memory.read(buffer: buffer, slot: slot, into: output) } catch {
        failure = error
      }
    }
    if let failure { throw .device(failure) }
  }
}
