// What the thread sanitizer has to be told of Swift's mutexes; empty in every other build.
//
// The fast paths of `Synchronization.Mutex` are compiled into their callers, where the sanitizer sees them. Where
// threads meet, the lock is passed on inside the standard library, which is not instrumented, so that every access
// under a contended lock would be called a race. The functions of that path are wrapped here to say what they do.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(__linux__)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void lock_function(uint32_t thread, SELF void *mutex);
typedef SWIFT _Bool try_lock_function(SELF void *mutex);
typedef SWIFT void unlock_function(SELF void *mutex);

void __tsan_acquire(void *address);
void __tsan_release(void *address);
lock_function lora_lock_slowly __asm__(LOCK);
try_lock_function lora_try_lock_slowly __asm__(TRY_LOCK);
unlock_function lora_unlock_slowly __asm__(UNLOCK);

/// The function that would have been called without this file.
static void *original(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  return function;
}

SWIFT void lora_lock_slowly(uint32_t thread, SELF void *mutex) {
  ((lock_function *)original(LOCK))(thread, mutex);
  __tsan_acquire(mutex);
}

SWIFT _Bool lora_try_lock_slowly(SELF void *mutex) {
  _Bool is_locked = ((try_lock_function *)original(TRY_LOCK))(mutex);
  if (is_locked) __tsan_acquire(mutex);
  return is_locked;
}

SWIFT void lora_unlock_slowly(SELF void *mutex) {
  __tsan_release(mutex);
  ((unlock_function *)original(UNLOCK))(mutex);
}

#endif
#endif
