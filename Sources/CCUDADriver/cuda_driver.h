#ifndef CUDA_DRIVER_H
#define CUDA_DRIVER_H

// The part of the CUDA driver interface that is used here, declared from its documented binary interface, so that
// building needs no CUDA toolkit. The library itself is loaded at run time.

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#pragma clang assume_nonnull begin

typedef int32_t cuda_result;
typedef int32_t cuda_device;
typedef uint64_t cuda_address;
typedef struct cuda_context *cuda_context;
typedef struct cuda_stream *cuda_stream;
typedef struct cuda_event *cuda_event;
typedef struct cuda_module *cuda_module;
typedef struct cuda_function *cuda_function;

enum {
  CUDA_SUCCESS = 0,
  CUDA_INVALID_VALUE = 1,
  CUDA_OUT_OF_MEMORY = 2,
  CUDA_NOT_INITIALIZED = 3,
  CUDA_STUB_LIBRARY = 34,
  CUDA_DEVICE_UNAVAILABLE = 46,
  CUDA_NO_DEVICE = 100,
  CUDA_INVALID_DEVICE = 101,
  CUDA_INVALID_CONTEXT = 201,
  CUDA_NO_BINARY_FOR_GPU = 209,
  CUDA_ECC_UNCORRECTABLE = 214,
  CUDA_INVALID_PTX = 218,
  CUDA_UNSUPPORTED_PTX_VERSION = 222,
  CUDA_CONTAINED = 226,
  CUDA_NOT_FOUND = 500,
  CUDA_NOT_READY = 600,
  CUDA_ILLEGAL_ADDRESS = 700,
  CUDA_LAUNCH_TIMEOUT = 702,
  CUDA_ASSERT = 710,
  CUDA_HARDWARE_STACK_ERROR = 714,
  CUDA_ILLEGAL_INSTRUCTION = 715,
  CUDA_MISALIGNED_ADDRESS = 716,
  CUDA_INVALID_ADDRESS_SPACE = 717,
  CUDA_INVALID_PC = 718,
  CUDA_LAUNCH_FAILED = 719,
  CUDA_TENSOR_MEMORY_LEAK = 721,
  CUDA_NOT_SUPPORTED = 801,
  CUDA_SYSTEM_NOT_READY = 802,
  CUDA_SYSTEM_DRIVER_MISMATCH = 803,
  CUDA_COMPAT_NOT_SUPPORTED_ON_DEVICE = 804,
  CUDA_CAPTURE_UNSUPPORTED = 900,
  CUDA_CAPTURE_WRONG_THREAD = 908,
  CUDA_EXTERNAL_DEVICE = 911,
  CUDA_UNKNOWN = 999,

  CUDA_ATTRIBUTE_COMPUTE_MAJOR = 75,
  CUDA_ATTRIBUTE_COMPUTE_MINOR = 76,

  CUDA_HOST_ALLOC_PORTABLE = 1,
  CUDA_STREAM_NON_BLOCKING = 1,
  CUDA_EVENT_DEFAULT = 0,
  CUDA_CAPTURE_MODE_RELAXED = 2,

  CUDA_POINTER_MEMORY_TYPE = 2,
  CUDA_POINTER_DEVICE = 9,
  CUDA_MEMORY_TYPE_HOST = 1,

  CUDA_JIT_ERROR_LOG_BUFFER = 5,
  CUDA_JIT_ERROR_LOG_BUFFER_BYTES = 6,
};

// Name of the field, name of the symbol with its version, parameters. The unversioned symbols of the versioned ones
// are older, incompatible functions.
#define CUDA_DRIVER_CALLS(CALL)                                                                                      \
  CALL(cuInit, "cuInit", (unsigned flags))                                                                           \
  CALL(cuDriverGetVersion, "cuDriverGetVersion", (int32_t *version))                                                 \
  CALL(cuGetErrorName, "cuGetErrorName", (cuda_result result, const char *_Nullable *_Nonnull name))                 \
  CALL(cuGetErrorString, "cuGetErrorString", (cuda_result result, const char *_Nullable *_Nonnull text))             \
  CALL(cuDeviceGetCount, "cuDeviceGetCount", (int32_t *count))                                                       \
  CALL(cuDeviceGet, "cuDeviceGet", (cuda_device *device, int32_t ordinal))                                           \
  CALL(cuDeviceGetName, "cuDeviceGetName", (char *name, int32_t length, cuda_device device))                         \
  CALL(cuDeviceGetAttribute, "cuDeviceGetAttribute", (int32_t *value, int32_t attribute, cuda_device device))        \
  CALL(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain",                                                         \
       (cuda_context _Nullable *_Nonnull context, cuda_device device))                                               \
  CALL(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", (cuda_device device))                              \
  CALL(cuCtxGetCurrent, "cuCtxGetCurrent", (cuda_context _Nullable *_Nonnull context))                               \
  CALL(cuCtxSetCurrent, "cuCtxSetCurrent", (cuda_context _Nullable context))                                         \
  CALL(cuMemGetInfo, "cuMemGetInfo_v2", (size_t *free, size_t *total))                                               \
  CALL(cuMemAlloc, "cuMemAlloc_v2", (cuda_address *address, size_t bytes))                                           \
  CALL(cuMemFree, "cuMemFree_v2", (cuda_address address))                                                            \
  CALL(cuMemHostAlloc, "cuMemHostAlloc", (void *_Nullable *_Nonnull memory, size_t bytes, unsigned flags))           \
  CALL(cuMemFreeHost, "cuMemFreeHost", (void *memory))                                                               \
  CALL(cuPointerGetAttribute, "cuPointerGetAttribute", (void *value, int32_t attribute, cuda_address address))       \
  CALL(cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2",                                                                    \
       (cuda_address to, const void *from, size_t bytes, cuda_stream _Nullable stream))                              \
  CALL(cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2",                                                                    \
       (void *to, cuda_address from, size_t bytes, cuda_stream _Nullable stream))                                    \
  CALL(cuMemsetD8Async, "cuMemsetD8Async",                                                                           \
       (cuda_address to, unsigned char value, size_t bytes, cuda_stream _Nullable stream))                           \
  CALL(cuCtxGetStreamPriorityRange, "cuCtxGetStreamPriorityRange", (int32_t *least, int32_t *greatest))              \
  CALL(cuStreamCreateWithPriority, "cuStreamCreateWithPriority",                                                     \
       (cuda_stream _Nullable *_Nonnull stream, unsigned flags, int32_t priority))                                   \
  CALL(cuStreamIsCapturing, "cuStreamIsCapturing", (cuda_stream _Nullable stream, int32_t *status))                  \
  CALL(cuThreadExchangeStreamCaptureMode, "cuThreadExchangeStreamCaptureMode", (int32_t *mode))                      \
  CALL(cuStreamDestroy, "cuStreamDestroy_v2", (cuda_stream stream))                                                  \
  CALL(cuStreamSynchronize, "cuStreamSynchronize", (cuda_stream _Nullable stream))                                   \
  CALL(cuStreamWaitEvent, "cuStreamWaitEvent", (cuda_stream _Nullable stream, cuda_event event, unsigned flags))     \
  CALL(cuEventCreate, "cuEventCreate", (cuda_event _Nullable *_Nonnull event, unsigned flags))                       \
  CALL(cuEventDestroy, "cuEventDestroy_v2", (cuda_event event))                                                      \
  CALL(cuEventRecord, "cuEventRecord", (cuda_event event, cuda_stream _Nullable stream))                             \
  CALL(cuEventQuery, "cuEventQuery", (cuda_event event))                                                             \
  CALL(cuEventSynchronize, "cuEventSynchronize", (cuda_event event))                                                 \
  CALL(cuEventElapsedTime, "cuEventElapsedTime", (float *milliseconds, cuda_event start, cuda_event end))            \
  CALL(cuModuleLoadDataEx, "cuModuleLoadDataEx",                                                                     \
       (cuda_module _Nullable *_Nonnull module, const void *image, unsigned count, int32_t *_Nullable options,       \
        void *_Nullable *_Nullable values))                                                                          \
  CALL(cuModuleGetFunction, "cuModuleGetFunction",                                                                   \
       (cuda_function _Nullable *_Nonnull function, cuda_module module, const char *name))                           \
  CALL(cuModuleUnload, "cuModuleUnload", (cuda_module module))                                                       \
  CALL(cuLaunchKernel, "cuLaunchKernel",                                                                             \
       (cuda_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,                 \
        unsigned block_y, unsigned block_z, unsigned shared_bytes, cuda_stream _Nullable stream,                     \
        void *_Nullable *_Nullable parameters, void *_Nullable *_Nullable extra))

/// The functions of a loaded driver.
typedef struct {
#define CUDA_FIELD(field, symbol, parameters) cuda_result (*field) parameters;
  CUDA_DRIVER_CALLS(CUDA_FIELD)
#undef CUDA_FIELD
} cuda_driver;

/// The interface that the declarations above are those of: CUDA 11.0.
enum { CUDA_INTERFACE_VERSION = 11000 };

/// cuGetProcAddress_v2, in drivers since CUDA 12.0: the function of a name as of a version of the interface.
typedef cuda_result (*cuda_find)(
  const char *name, void *_Nullable *_Nonnull function, int32_t version, uint64_t flags, int32_t *_Nullable status);

/// One function: by name and version where the driver can be asked so, else by its versioned symbol.
static inline void *_Nullable cuda_driver_find(
  void *library, cuda_find _Nullable find, const char *name, const char *symbol
) {
  void *function = NULL;
  if (find && find(name, &function, CUDA_INTERFACE_VERSION, 0, NULL) == CUDA_SUCCESS && function) return function;
  return dlsym(library, symbol);
}

/// Looks all functions up in a library opened with dlopen. Returns a table that is never freed, or null with the name
/// of the first symbol that the library does not have (null as well when there is no memory).
static inline const cuda_driver *_Nullable cuda_driver_bind(
  void *library, const char *_Nullable *_Nonnull missing_symbol
) {
  *missing_symbol = NULL;
  cuda_driver *driver = (cuda_driver *)calloc(1, sizeof *driver);
  if (!driver) return NULL;
  cuda_find find;
  *(void **)&find = dlsym(library, "cuGetProcAddress_v2");
#define CUDA_BIND(field, symbol, parameters)                                    \
  *(void **)&driver->field = cuda_driver_find(library, find, #field, symbol);   \
  if (!driver->field) {                                                         \
    *missing_symbol = symbol;                                                   \
    free(driver);                                                               \
    return NULL;                                                                \
  }
  CUDA_DRIVER_CALLS(CUDA_BIND)
#undef CUDA_BIND
  return driver;
}

#pragma clang assume_nonnull end

#endif
