// Stands between a program and the kernel (LD_PRELOAD) and lets calls on chosen files go wrong.
//
// FAULT_PATH     calls on paths that hold this text count; the others go through
// FAULT_CALLS    letters of the calls that count: o open, r read, w write and resize, s flush, n rename, d make a
//                folder, u remove; all but u if not given
// FAULT_AFTER    how many of them go well before one goes wrong
// FAULT_ERRNO    the one that goes wrong fails with this number
// FAULT_SHRINK   when it is a read, the file loses its second half before it instead
// FAULT_DISTURB  every call that can be is interrupted by a signal once, and no more than this many bytes are moved at
//                a time
// FAULT_LOG      at the end the number of calls that counted is written to this file
// FAULT_WRITES   the paths of all files and folders that are opened for writing, made, renamed or removed, are appended
//                to this file, a line for each
// FAULT_CONFINED the program ends when it starts another one or asks for the network

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static const char *wanted, *calls;
static long after = -1, number = EIO, disturbance;
static bool shrinks, is_confined;
static int writes = -1;
static atomic_long counted;
static _Thread_local bool interrupted;

#define REAL(name)                                                                                                     \
  static __typeof__(name) *real;                                                                                       \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *text;
  wanted = getenv("FAULT_PATH");
  calls = (text = getenv("FAULT_CALLS")) ? text : "orwsnd";
  if ((text = getenv("FAULT_AFTER"))) after = atol(text);
  if ((text = getenv("FAULT_ERRNO"))) number = atol(text);
  if ((text = getenv("FAULT_DISTURB"))) disturbance = atol(text);
  shrinks = getenv("FAULT_SHRINK") != NULL;
  is_confined = getenv("FAULT_CONFINED") != NULL;
  int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  if ((text = getenv("FAULT_WRITES"))) writes = real(text, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void note(const char *path) {
  if (writes >= 0) dprintf(writes, "%s\n", path);
}

static void refuse(const char *call) {
  if (!is_confined) return;
  dprintf(STDERR_FILENO, "%s was called\n", call);
  abort();
}

__attribute__((destructor)) static void end(void) {
  const char *log = getenv("FAULT_LOG");
  FILE *file = log ? fopen(log, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld", atomic_load(&counted));
  fclose(file);
}

static bool is_wanted(char call, const char *path) { return wanted && path && strchr(calls, call) && strstr(path, wanted); }

// Whether this call goes wrong; errno is set then.
static bool fails(char call, const char *path) {
  if (!is_wanted(call, path)) return false;
  if (disturbance && strchr("orws", call) && (interrupted = !interrupted)) return errno = EINTR, true;
  if (atomic_fetch_add(&counted, 1) != after) return false;
  if (!shrinks) return errno = (int)number, true;
  struct stat status;
  if (stat(path, &status) == 0 && truncate(path, status.st_size / 2) != 0) abort();
  return false;
}

// The path of an open file, in memory of this thread.
static const char *path_of(int descriptor) {
  static _Thread_local char path[PATH_MAX];
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = 0;
  return path;
}

static size_t shortened(size_t count) { return disturbance && count > (size_t)disturbance ? (size_t)disturbance : count; }

static int open_mode(int flags, va_list arguments) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0; }

#define OPEN(name)                                                                                                     \
  int name(const char *path, int flags, ...) {                                                                         \
    REAL(name);                                                                                                        \
    va_list arguments;                                                                                                 \
    va_start(arguments, flags);                                                                                        \
    int mode = open_mode(flags, arguments);                                                                            \
    va_end(arguments);                                                                                                 \
    if (flags & (O_WRONLY | O_RDWR | O_CREAT)) note(path);                                                             \
    return fails('o', path) ? -1 : real(path, flags, mode);                                                            \
  }
OPEN(open)
OPEN(open64)

#define TRANSFER(name, call, ...)                                                                                      \
  REAL(name);                                                                                                          \
  const char *path = path_of(descriptor);                                                                              \
  if (fails(call, path)) return -1;                                                                                    \
  return real(descriptor, bytes, is_wanted(call, path) ? shortened(count) : count, ##__VA_ARGS__);

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) { TRANSFER(pread, 'r', offset) }
ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) { TRANSFER(pread64, 'r', offset) }
ssize_t read(int descriptor, void *bytes, size_t count) { TRANSFER(read, 'r') }
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) { TRANSFER(pwrite, 'w', offset) }
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) { TRANSFER(pwrite64, 'w', offset) }
ssize_t write(int descriptor, const void *bytes, size_t count) { TRANSFER(write, 'w') }

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t count, unsigned flags) {
  REAL(copy_file_range);
  const char *path = path_of(to);
  if (is_wanted('w', path) ? fails('w', path) : fails('r', path_of(from))) return -1;
  return real(from, from_offset, to, to_offset, shortened(count), flags);
}

#define ON_DESCRIPTOR(name, call, parameters, values)                                                                  \
  int name parameters {                                                                                                \
    REAL(name);                                                                                                        \
    return fails(call, path_of(descriptor)) ? -1 : real values;                                                        \
  }
ON_DESCRIPTOR(ftruncate, 'w', (int descriptor, off_t size), (descriptor, size))
ON_DESCRIPTOR(ftruncate64, 'w', (int descriptor, off64_t size), (descriptor, size))
ON_DESCRIPTOR(fsync, 's', (int descriptor), (descriptor))

#define ON_PATH(name, call, parameters, values)                                                                        \
  int name parameters {                                                                                                \
    REAL(name);                                                                                                        \
    note(path);                                                                                                        \
    return fails(call, path) ? -1 : real values;                                                                       \
  }
ON_PATH(mkdir, 'd', (const char *path, mode_t mode), (path, mode))
ON_PATH(unlink, 'u', (const char *path), (path))
ON_PATH(rmdir, 'u', (const char *path), (path))

#define ON_TWO_PATHS(name, parameters, values)                                                                         \
  int name parameters {                                                                                                \
    REAL(name);                                                                                                        \
    note(path);                                                                                                        \
    note(other);                                                                                                       \
    return fails('n', path) ? -1 : real values;                                                                        \
  }
ON_TWO_PATHS(rename, (const char *path, const char *other), (path, other))
ON_TWO_PATHS(renameat2, (int a, const char *path, int b, const char *other, unsigned flags), (a, path, b, other, flags))

#define REFUSED(name, parameters, values)                                                                              \
  int name parameters {                                                                                                \
    REAL(name);                                                                                                        \
    refuse(#name);                                                                                                     \
    return real values;                                                                                                \
  }
REFUSED(socket, (int domain, int type, int protocol), (domain, type, protocol))
REFUSED(getaddrinfo,
        (const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
         struct addrinfo **restrict result),
        (node, service, hints, result))
REFUSED(execve, (const char *path, char *const arguments[], char *const environment[]), (path, arguments, environment))
REFUSED(execvp, (const char *path, char *const arguments[]), (path, arguments))
REFUSED(posix_spawn,
        (pid_t *restrict id, const char *restrict path, const posix_spawn_file_actions_t *restrict actions,
         const posix_spawnattr_t *restrict attributes, char *const arguments[restrict], char *const environment[restrict]),
        (id, path, actions, attributes, arguments, environment))
REFUSED(posix_spawnp,
        (pid_t *restrict id, const char *restrict path, const posix_spawn_file_actions_t *restrict actions,
         const posix_spawnattr_t *restrict attributes, char *const arguments[restrict], char *const environment[restrict]),
        (id, path, actions, attributes, arguments, environment))
REFUSED(system, (const char *command), (command))
REFUSED(fork, (void), ())
