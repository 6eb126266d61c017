"""As much of CUDA's driver as check_gpu.py needs, by ctypes: what an engine does beside the loader, without torch."""

import ctypes
import os
from ctypes import byref, c_int, c_size_t, c_uint64, c_void_p

# Reads a buffer once, 16 bytes at a time, as decoding reads the weights: that is what it spends its time in.
STREAM_PTX = b"""
.version 6.3
.target sm_70
.address_size 64

.visible .entry stream(.param .u64 from, .param .u64 pieces, .param .u64 step, .param .u64 out)
{
  .reg .pred %p;
  .reg .b32 %group, %thread, %x<4>, %sum;
  .reg .b64 %from, %left, %step, %out, %at, %bytes;

  ld.param.u64 %from, [from];
  ld.param.u64 %left, [pieces];
  ld.param.u64 %step, [step];
  ld.param.u64 %out, [out];
  cvta.to.global.u64 %from, %from;
  cvta.to.global.u64 %out, %out;
  mov.u32 %group, %ctaid.x;
  mov.u32 %thread, %tid.x;
  mul.wide.u32 %at, %group, 256;
  cvt.u64.u32 %bytes, %thread;
  add.u64 %at, %at, %bytes;
  shl.b64 %bytes, %at, 4;
  add.u64 %from, %from, %bytes;
  mov.u32 %sum, 0;
again:
  ld.global.nc.v4.u32 {%x0, %x1, %x2, %x3}, [%from];
  or.b32 %sum, %sum, %x0;
  or.b32 %sum, %sum, %x1;
  or.b32 %sum, %sum, %x2;
  or.b32 %sum, %sum, %x3;
  add.u64 %from, %from, %step;
  sub.u64 %left, %left, 1;
  setp.ne.u64 %p, %left, 0;
  @%p bra again;

  // Every thread has a place of its own, which no driver can leave out.
  shl.b64 %at, %at, 2;
  add.u64 %out, %out, %at;
  st.global.u32 [%out], %sum;
  ret;
}
\0"""


class Driver:
    """The primary context of device 0, current on this thread."""

    def __init__(self):
        self.library = ctypes.CDLL(os.environ.get("LORA_TOOL_LIBCUDA", "libcuda.so.1"))
        self("cuInit", 0)
        version, name = c_int(), ctypes.create_string_buffer(256)
        self("cuDriverGetVersion", byref(version))
        self("cuDeviceGetName", name, 255, 0)
        self.version, self.name = version.value, name.value.decode()
        self.context = c_void_p()
        self("cuDevicePrimaryCtxRetain", byref(self.context), 0)
        self.make_current()

    def __call__(self, name, *arguments):
        result = getattr(self.library, name)(*arguments)
        if result:
            raise RuntimeError(f"{name} failed with {result}")

    def make_current(self):
        self("cuCtxSetCurrent", self.context)

    @property
    def free_bytes(self):
        free, total = c_size_t(), c_size_t()
        self("cuMemGetInfo_v2", byref(free), byref(total))
        return free.value

    def allocate(self, count):
        address = c_uint64()
        self("cuMemAlloc_v2", byref(address), c_size_t(count))
        return address.value

    def pin(self, count):
        memory = c_void_p()
        self("cuMemHostAlloc", byref(memory), c_size_t(count), 1)
        return memory.value

    def stream(self):
        """One that does not wait for the legacy stream, of the greatest priority, as an engine's should be."""
        least, greatest, stream = c_int(), c_int(), c_void_p()
        self("cuCtxGetStreamPriorityRange", byref(least), byref(greatest))
        self("cuStreamCreateWithPriority", byref(stream), 1, greatest.value)
        return stream

    def fill(self, address, byte, count, stream):
        self("cuMemsetD8Async", c_uint64(address), ctypes.c_ubyte(byte), c_size_t(count), stream)

    def to_host(self, memory, address, count, stream):
        self("cuMemcpyDtoHAsync_v2", c_void_p(memory), c_uint64(address), c_size_t(count), stream)

    def wait(self, stream):
        self("cuStreamSynchronize", stream)

    def event(self, stream):
        event = c_void_p()
        self("cuEventCreate", byref(event), 0)
        self("cuEventRecord", event, stream)
        return event

    def milliseconds(self, start, end):
        result = ctypes.c_float()
        self("cuEventSynchronize", end)
        self("cuEventElapsedTime", byref(result), start, end)
        for event in (start, end):
            self("cuEventDestroy_v2", event)
        return result.value

    def capture(self, stream, body):
        """The graph of what a function queues on a stream, captured in the global mode, as torch does."""
        graph, launched = c_void_p(), c_void_p()
        self("cuStreamBeginCapture_v2", stream, 0)
        body()
        self("cuStreamEndCapture", stream, byref(graph))
        self("cuGraphInstantiateWithFlags", byref(launched), graph, c_uint64(0))
        return launched

    def replay(self, graph, stream):
        self("cuGraphLaunch", graph, stream)


class Decoding:
    """A step of decoding as far as memory goes: kernels one after the other that read all weights once, in a graph."""

    def __init__(self, driver, weights, kernels, groups):
        self.driver, self.stream = driver, driver.stream()
        share = weights // kernels // (groups * 4096) * (groups * 4096)
        self.bytes = share * kernels
        memory = driver.allocate(self.bytes)
        out = driver.allocate(groups * 256 * 4)
        driver.fill(memory, 1, self.bytes, self.stream)
        module, function = c_void_p(), c_void_p()
        driver("cuModuleLoadDataEx", byref(module), STREAM_PTX, 0, None, None)
        driver("cuModuleGetFunction", byref(function), module, b"stream")

        def read():
            for index in range(kernels):
                step = groups * 4096
                values = [c_uint64(x) for x in (memory + index * share, share // step, step, out)]
                places = (c_void_p * 4)(*[ctypes.cast(ctypes.pointer(x), c_void_p) for x in values])
                driver("cuLaunchKernel", function, groups, 1, 1, 256, 1, 1, 0, self.stream, places, None)

        self.read = read
        self.graph = driver.capture(self.stream, read)

    def run(self, steps, between=lambda step: None):
        """Milliseconds of a step."""
        start = self.driver.event(self.stream)
        for step in range(steps):
            between(step)
            self.driver.replay(self.graph, self.stream)
        return self.driver.milliseconds(start, self.driver.event(self.stream)) / steps
