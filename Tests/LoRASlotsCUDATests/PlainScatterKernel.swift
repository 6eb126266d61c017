import CUDADriver
import LoRASlots
import TensorCore
import Testing

@testable import LoRASlotsCUDA

/// The scatter kernel as plainly as it can be written.
///
/// Every thread finds the row of each of its elements by a division and moves that element alone. What the other kernel
/// costs is measured beside it.
enum PlainScatterKernel {
  /// Elements that a group fills.
  static let tile: UInt64 = 4096

  static let ptx = """
    .version 6.3
    .target sm_70
    .address_size 64

    .visible .entry lora_scatter(.param .u64 table, .param .u64 count)
    {
      .reg .pred %p<13>;
      .reg .b16 %h<5>;
      .reg .b32 %r<30>;
      .reg .f32 %f<4>;
      .reg .b64 %d<16>;

      ld.param.u64 %d1, [table];
      ld.param.u64 %d2, [count];
      cvta.to.global.u64 %d1, %d1;
      mov.u32 %r1, %ctaid.x;
      mov.u32 %r2, %tid.x;

      // The last block whose first tile is not after this one.
      mov.u32 %r3, 0;
      cvt.u32.u64 %r4, %d2;
    search:
      sub.u32 %r5, %r4, %r3;
      setp.le.u32 %p1, %r5, 1;
      @%p1 bra found;
      add.u32 %r6, %r3, %r4;
      shr.u32 %r6, %r6, 1;
      mul.wide.u32 %d3, %r6, 64;
      add.u64 %d3, %d1, %d3;
      ld.global.nc.u32 %r7, [%d3+16];
      setp.le.u32 %p2, %r7, %r1;
      selp.b32 %r3, %r6, %r3, %p2;
      selp.b32 %r4, %r4, %r6, %p2;
      bra search;

    found:
      mul.wide.u32 %d3, %r3, 64;
      add.u64 %d3, %d1, %d3;
      ld.global.nc.u64 %d4, [%d3];
      ld.global.nc.u64 %d5, [%d3+8];
      ld.global.nc.u32 %r7, [%d3+16];
      ld.global.nc.u32 %r8, [%d3+20];
      ld.global.nc.u32 %r18, [%d3+24];
      ld.global.nc.u32 %r9, [%d3+32];
      ld.global.nc.u32 %r10, [%d3+36];
      ld.global.nc.u64 %d7, [%d3+40];
      ld.global.nc.u64 %d8, [%d3+48];
      ld.global.nc.f32 %f1, [%d3+56];
      ld.global.nc.u8 %r11, [%d3+60];
      ld.global.nc.u8 %r12, [%d3+61];
      cvta.to.global.u64 %d4, %d4;
      cvta.to.global.u64 %d5, %d5;
      setp.neu.f32 %p3, %f1, 0f3F800000;
      setp.eq.u32 %p4, %r11, 0;
      setp.eq.u32 %p5, %r11, 1;
      setp.eq.u32 %p6, %r12, 0;
      setp.eq.u32 %p7, %r12, 1;
      // Equal types and no scale: the bits go to the slot as they are.
      selp.b32 %r28, 255, %r11, %p3;
      setp.eq.u32 %p12, %r28, %r12;
      mov.u16 %h4, 0;

      // 16 elements for each of 256 threads, neighbours side by side.
      sub.u32 %r13, %r1, %r7;
      shl.b32 %r13, %r13, 12;
      add.u32 %r15, %r13, %r2;
      mov.u32 %r14, 16;
    element:
      setp.ge.u32 %p8, %r15, %r18;
      @%p8 bra done;
      div.u32 %r16, %r15, %r8;
      mul.lo.u32 %r17, %r16, %r8;
      sub.u32 %r17, %r15, %r17;
      mov.u32 %r26, 0;
      setp.ge.u32 %p8, %r16, %r9;
      @%p8 bra store;
      setp.ge.u32 %p8, %r17, %r10;
      @%p8 bra store;

      // The source element as f32 bits.
      cvt.u64.u32 %d11, %r16;
      mul.lo.u64 %d11, %d11, %d7;
      cvt.u64.u32 %d12, %r17;
      mad.lo.u64 %d11, %d12, %d8, %d11;
      @%p4 bra load32;
      shl.b64 %d11, %d11, 1;
      add.u64 %d11, %d5, %d11;
      ld.global.nc.u16 %h1, [%d11];
      cvt.u32.u16 %r26, %h1;
      @%p12 bra store;
      @%p5 bra load16;
      mov.b32 %r20, {%h4, %h1};
      bra loaded;
    load16:
      cvt.f32.f16 %f2, %h1;
      mov.b32 %r20, %f2;
      bra loaded;
    load32:
      shl.b64 %d11, %d11, 2;
      add.u64 %d11, %d5, %d11;
      ld.global.nc.u32 %r20, [%d11];
      mov.b32 %r26, %r20;
      @%p12 bra store;
    loaded:
      mov.u32 %r22, 0;

      // To the slot's type, ties to even, NaN canonical; once more after the scale.
    round:
      and.b32 %r23, %r20, 0x7FFFFFFF;
      setp.gt.u32 %p9, %r23, 0x7F800000;
      @%p6 bra round32;
      @%p7 bra round16;
      shr.u32 %r24, %r20, 16;
      and.b32 %r25, %r24, 1;
      add.u32 %r25, %r25, 0x7FFF;
      add.u32 %r25, %r25, %r20;
      shr.u32 %r25, %r25, 16;
      selp.b32 %r26, 0x7FC0, %r25, %p9;
      shl.b32 %r20, %r26, 16;
      bra rounded;
    round16:
      mov.b32 %f3, %r20;
      cvt.rn.f16.f32 %h2, %f3;
      cvt.f32.f16 %f3, %h2;
      cvt.u32.u16 %r26, %h2;
      selp.b32 %r26, 0x7E00, %r26, %p9;
      mov.b32 %r20, %f3;
      bra rounded;
    round32:
      selp.b32 %r26, 0x7FC00000, %r20, %p9;
    rounded:
      setp.ne.u32 %p10, %r22, 0;
      @%p10 bra store;
      @!%p3 bra store;
      mov.b32 %f3, %r20;
      mul.rn.f32 %f3, %f3, %f1;
      mov.b32 %r20, %f3;
      mov.u32 %r22, 1;
      bra round;

    store:
      cvt.u64.u32 %d13, %r15;
      @%p6 bra store32;
      shl.b64 %d13, %d13, 1;
      add.u64 %d13, %d4, %d13;
      cvt.u16.u32 %h3, %r26;
      st.global.u16 [%d13], %h3;
      bra next;
    store32:
      shl.b64 %d13, %d13, 2;
      add.u64 %d13, %d4, %d13;
      st.global.u32 [%d13], %r26;
    next:
      add.u32 %r15, %r15, 256;
      sub.u32 %r14, %r14, 1;
      setp.ne.u32 %p11, %r14, 0;
      @%p11 bra element;
    done:
      ret;
    }
    """

  /// The table of this text: an entry of 64 bytes for every block, with strides in elements.
  static func table(of blocks: [PackingBlock], _ dtype: DType, target: DeviceAddress, source: DeviceAddress) throws -> (
    bytes: [UInt8], count: Int, tiles: UInt64
  ) {
    var bytes = [UInt8](repeating: 0, count: blocks.count * 64)
    var tiles: UInt64 = 0
    for (index, block) in blocks.enumerated() {
      let elements = block.rows * block.columns
      let from = block.source
      let types = [try #require(ScatterKernel.code(from?.dtype ?? dtype)), try #require(ScatterKernel.code(dtype))]
      unsafe bytes.withUnsafeMutableBytes {
        let entry = unsafe UnsafeMutableRawBufferPointer(rebasing: $0[index * 64..<index * 64 + 64])
        let long = [target + block.start * dtype.bits / 8, from.map { source + $0.start } ?? 0]
        unsafe entry.baseAddress?.copyMemory(from: long, byteCount: 16)
        let words = [tiles, block.columns, elements, 0, from?.rows ?? 0, from?.columns ?? 0].map(UInt32.init)
        unsafe (entry.baseAddress?.advanced(by: 16))?.copyMemory(from: words, byteCount: 24)
        let strides = [from?.rowStride ?? 0, from?.columnStride ?? 0]
        unsafe (entry.baseAddress?.advanced(by: 40))?.copyMemory(from: strides, byteCount: 16)
        unsafe entry.storeBytes(of: (from?.scale ?? 1).bitPattern, toByteOffset: 56, as: UInt32.self)
        unsafe entry.storeBytes(of: types[0], toByteOffset: 60, as: UInt8.self)
        unsafe entry.storeBytes(of: types[1], toByteOffset: 61, as: UInt8.self)
      }
      tiles += (elements + tile - 1) / tile
    }
    return (bytes, blocks.count, tiles)
  }
}
