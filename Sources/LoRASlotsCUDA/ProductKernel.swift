/// The kernel behind the grouped product of several adapters: rows of a matrix times tokens, in f32.
///
/// Every thread makes one number as the host's kernels make it: fused multiply-adds into sixteen sums by k mod 16, then
/// a tree. So the same bits come out, whatever the GPU. The text is for PTX 6.3 and compute capability 7.0.
enum ProductKernel {
  /// Name of the entry; its parameters are the addresses of matrix, tokens and output, then the numbers of rows, of
  /// elements in a row, and of tokens.
  static let entry = "lora_products"
  /// Threads in a group.
  static let threads = 256
  private static let lanes = 16

  static let ptx = """
    .version 6.3
    .target sm_70
    .address_size 64

    .visible .entry lora_products(
      .param .u64 matrix, .param .u64 tokens, .param .u64 output, .param .u64 rows, .param .u64 length,
      .param .u64 count)
    {
      .reg .pred %p<4>;
      .reg .b32 %r<4>;
      .reg .f32 %s<16>;
      .reg .f32 %a;
      .reg .f32 %b;
      .reg .b64 %d<20>;

      ld.param.u64 %d1, [matrix];
      ld.param.u64 %d2, [tokens];
      ld.param.u64 %d3, [output];
      ld.param.u64 %d4, [rows];
      ld.param.u64 %d5, [length];
      ld.param.u64 %d6, [count];
      cvta.to.global.u64 %d1, %d1;
      cvta.to.global.u64 %d2, %d2;
      cvta.to.global.u64 %d3, %d3;

      // This thread's number: token %d8, row %d9.
      mov.u32 %r1, %ctaid.x;
      mov.u32 %r2, %tid.x;
      mul.wide.u32 %d7, %r1, \(threads);
      cvt.u64.u32 %d8, %r2;
      add.u64 %d7, %d7, %d8;
      div.u64 %d8, %d7, %d4;
      setp.ge.u64 %p1, %d8, %d6;
      @%p1 bra done;
      rem.u64 %d9, %d7, %d4;

      // Where row and token are now, and how many elements are left.
      mul.lo.u64 %d10, %d9, %d5;
      shl.b64 %d10, %d10, 2;
      add.u64 %d10, %d1, %d10;
      mul.lo.u64 %d11, %d8, %d5;
      shl.b64 %d11, %d11, 2;
      add.u64 %d11, %d2, %d11;
      mov.u64 %d12, %d5;
    \(each { "  mov.f32 %s\($0), 0f00000000;" })

    whole:
      setp.lt.u64 %p2, %d12, \(lanes);
      @%p2 bra rest;
    \(each { "  ld.global.nc.f32 %a, [%d10+\(4 * $0)];\n  ld.global.nc.f32 %b, [%d11+\(4 * $0)];\n\(step($0))" })
      add.u64 %d10, %d10, \(4 * lanes);
      add.u64 %d11, %d11, \(4 * lanes);
      sub.u64 %d12, %d12, \(lanes);
      bra whole;

    rest:
    \(each(upTo: lanes - 1) { lane in
      """
        setp.le.u64 %p3, %d12, \(lane);
        @%p3 bra tree;
        ld.global.nc.f32 %a, [%d10+\(4 * lane)];
        ld.global.nc.f32 %b, [%d11+\(4 * lane)];
      \(step(lane))
      """
    })

    tree:
    \(each(upTo: 8) { "  add.rn.f32 %s\($0), %s\($0), %s\($0 + 8);" })
    \(each(upTo: 4) { "  add.rn.f32 %s\($0), %s\($0), %s\($0 + 4);" })
      add.rn.f32 %s0, %s0, %s2;
      add.rn.f32 %s1, %s1, %s3;
      add.rn.f32 %s0, %s0, %s1;
      add.rn.f32 %s0, %s0, 0f00000000;
      shl.b64 %d7, %d7, 2;
      add.u64 %d7, %d3, %d7;
      st.global.f32 [%d7], %s0;

    done:
      ret;
    }

    """

  private static func step(_ lane: Int) -> String { "  fma.rn.f32 %s\(lane), %a, %b, %s\(lane);" }

  private static func each(upTo count: Int = lanes, _ line: (Int) -> String) -> String {
    (0..<count).map(line).joined(separator: "\n")
  }
}
