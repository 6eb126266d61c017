// The part of libcurl's interface that is used here, declared from its documented binary interface, so that building
// needs no headers of curl. The library itself is loaded at run time; its options are set by a variadic function, which
// Swift cannot call.
#ifndef CURL_TRANSFER_H
#define CURL_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Results of a transfer that have a meaning of their own in messages.
enum {
  CURL_OK = 0,
  CURL_UNSUPPORTED_PROTOCOL = 1,
  CURL_BAD_URL = 3,
  CURL_PROXY_NAME = 5,
  CURL_HOST_NAME = 6,
  CURL_CONNECT = 7,
  CURL_HTTP2 = 16,
  CURL_PARTIAL_FILE = 18,
  CURL_WRITE = 23,
  CURL_TIMEOUT = 28,
  CURL_TLS_CONNECT = 35,
  CURL_ABORTED = 42,
  CURL_NOTHING = 52,
  CURL_SEND = 55,
  CURL_RECEIVE = 56,
  CURL_CERTIFICATE = 60,
  CURL_CERTIFICATE_FILE = 77,
  CURL_HTTP2_STREAM = 92,
};

// The functions of a loaded library.
typedef struct curl_library curl_library;

// Looks the functions up in a library opened with dlopen and initialises it. Returns a table that is never freed, or
// null with the name of what is missing.
const curl_library *_Nullable curl_library_bind(void *handle, const char *_Nullable *_Nonnull missing);

// A handle that keeps its connection for the next transfer; null when there is no memory. Owned by the caller.
void *_Nullable curl_handle_new(const curl_library *library);
void curl_handle_free(const curl_library *library, void *handle);

// Seconds since 1970 of a date in one of the forms of HTTP, or -1.
int64_t curl_seconds_of_date(const curl_library *library, const char *date);

// One GET: what is asked for, and what came.
typedef struct curl_transfer {
  // Asked for.
  const char *url;
  // Lines such as "Range: bytes=0-7".
  const char *_Nonnull const *_Nullable header_lines;
  size_t header_line_count;
  const char *user_agent;
  // "user:password" for this server, and "*" to go past every proxy, or null.
  const char *_Nullable user_password;
  const char *_Nullable no_proxy;
  // A file and a folder of trusted certificates instead of the library's own, or null.
  const char *_Nullable certificate_file;
  const char *_Nullable certificate_folder;
  long connect_milliseconds;
  // A transfer slower than this many bytes a second for so long is given up.
  long low_speed_bytes, low_speed_seconds;
  // Whether the caller wants to stop; asked about once a second and with every piece of data.
  int (*_Nullable is_stopped)(void);
  // Most bytes of the body that are taken of a 206, or with takes_whole of a 200.
  size_t capacity;
  int takes_whole;

  // What came.
  int result;
  long status;
  // What a proxy said to the wish for a connection; 0 without one.
  long proxy_status;
  // The body, allocated as it comes; when it had more, the transfer was ended there.
  uint8_t *_Nullable body;
  size_t received;
  int has_more;
  // The header lines of the last answer, each with its line end.
  char *headers;
  size_t header_bytes;
  // The first bytes of the body of any other status.
  char *error;
  size_t error_bytes;

  // Private to the transfer.
  size_t allocated;
  const curl_library *_Nullable library;
  void *_Nullable handle;
} curl_transfer;

// A transfer of nothing, or null when there is no memory; freed with its body by `curl_transfer_free`.
curl_transfer *_Nullable curl_transfer_new(void);
void curl_transfer_free(curl_transfer *transfer);

// Runs a transfer to its end.
void curl_transfer_run(const curl_library *library, void *handle, curl_transfer *transfer);

#pragma clang assume_nonnull end

#endif
