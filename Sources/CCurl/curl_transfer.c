#include "curl_transfer.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Numbers of options and of facts about a transfer: 0 + n takes a long, 10000 + n a pointer, 20000 + n a function.
enum {
  OPTION_LOW_SPEED_LIMIT = 19,
  OPTION_LOW_SPEED_TIME = 20,
  OPTION_SSL_VERSION = 32,
  OPTION_NO_PROGRESS = 43,
  OPTION_FOLLOW_LOCATION = 52,
  OPTION_NO_SIGNAL = 99,
  OPTION_CONNECT_TIMEOUT_MS = 156,
  OPTION_PROTOCOLS = 181,
  OPTION_TCP_KEEP_ALIVE = 213,
  OPTION_PATH_AS_IS = 234,
  OPTION_SUPPRESS_CONNECT_HEADERS = 265,
  OPTION_WRITE_DATA = 10001,
  OPTION_URL = 10002,
  OPTION_USER_PASSWORD = 10005,
  OPTION_USER_AGENT = 10018,
  OPTION_HTTP_HEADER = 10023,
  OPTION_HEADER_DATA = 10029,
  OPTION_PROGRESS_DATA = 10057,
  OPTION_CA_FILE = 10065,
  OPTION_CA_FOLDER = 10097,
  OPTION_NO_PROXY = 10177,
  OPTION_WRITE_FUNCTION = 20011,
  OPTION_HEADER_FUNCTION = 20079,
  OPTION_PROGRESS_FUNCTION = 20219,
  INFO_RESPONSE_CODE = 0x200002,
  INFO_CONNECT_CODE = 0x200016,
  GLOBAL_ALL = 3,
  PROTOCOLS_HTTP_AND_HTTPS = 3,
  TLS_1_2 = 6,
};

// Kept of the header lines, and of the page of an error, in one piece with the transfer.
#define HEADER_BYTES 32768
#define ERROR_BYTES 4096

struct curl_library {
  int (*global_init)(long);
  void *(*easy_init)(void);
  void (*easy_cleanup)(void *);
  void (*easy_reset)(void *);
  int (*easy_setopt)(void *, int, ...);
  int (*easy_getinfo)(void *, int, ...);
  int (*easy_perform)(void *);
  void *(*slist_append)(void *, const char *);
  void (*slist_free_all)(void *);
  time_t (*getdate)(const char *, const time_t *);
};

const curl_library *curl_library_bind(void *handle, const char **missing) {
  *missing = NULL;
  curl_library *library = calloc(1, sizeof *library);
  if (!library) {
    *missing = "memory";
    return NULL;
  }
#define BIND(field)                                             \
  *(void **)&library->field = dlsym(handle, "curl_" #field);    \
  if (!library->field) *missing = "curl_" #field
  BIND(global_init);
  BIND(easy_init);
  BIND(easy_cleanup);
  BIND(easy_reset);
  BIND(easy_setopt);
  BIND(easy_getinfo);
  BIND(easy_perform);
  BIND(slist_append);
  BIND(slist_free_all);
  BIND(getdate);
#undef BIND
  if (!*missing && library->global_init(GLOBAL_ALL) != CURL_OK) *missing = "a working curl_global_init";
  if (*missing) {
    free(library);
    return NULL;
  }
  return library;
}

int64_t curl_seconds_of_date(const curl_library *library, const char *date) { return library->getdate(date, NULL); }

void *curl_handle_new(const curl_library *library) { return library->easy_init(); }

void curl_handle_free(const curl_library *library, void *handle) { library->easy_cleanup(handle); }

static size_t take_header(char *bytes, size_t size, size_t count, void *context) {
  curl_transfer *transfer = context;
  size_t length = size * count;
  // An answer that came before, such as 100 Continue, does not count.
  if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) transfer->header_bytes = 0;
  size_t room = HEADER_BYTES - transfer->header_bytes;
  // Past the room nothing is kept; headers that matter come long before, and none of them is trusted to be there.
  if (length <= room) {
    memcpy(transfer->headers + transfer->header_bytes, bytes, length);
    transfer->header_bytes += length;
  }
  return length;
}

static int grow(curl_transfer *transfer, size_t wanted) {
  if (wanted <= transfer->allocated) return 1;
  size_t size = transfer->allocated ? transfer->allocated : 65536;
  while (size < wanted) size *= 2;
  if (size > transfer->capacity) size = transfer->capacity;
  uint8_t *larger = realloc(transfer->body, size);
  if (!larger) return 0;
  transfer->body = larger;
  transfer->allocated = size;
  return 1;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
  curl_transfer *transfer = context;
  size_t length = size * count;
  long status = 0;
  transfer->library->easy_getinfo(transfer->handle, INFO_RESPONSE_CODE, &status);
  if (status != 206 && status != 200) {
    size_t room = ERROR_BYTES - transfer->error_bytes;
    size_t taken = length < room ? length : room;
    memcpy(transfer->error + transfer->error_bytes, bytes, taken);
    transfer->error_bytes += taken;
    // The end of a long page is not waited for.
    return transfer->error_bytes < ERROR_BYTES ? length : 0;
  }
  if (status == 200 && !transfer->takes_whole) {
    transfer->has_more = 1;
    return 0;
  }
  size_t room = transfer->capacity - transfer->received;
  size_t taken = length < room ? length : room;
  if (!grow(transfer, transfer->received + taken)) return 0;
  if (taken) memcpy(transfer->body + transfer->received, bytes, taken);
  transfer->received += taken;
  if (taken == length) return length;
  transfer->has_more = 1;
  return 0;
}

static int watch(void *context, int64_t a, int64_t b, int64_t c, int64_t d) {
  (void)a, (void)b, (void)c, (void)d;
  curl_transfer *transfer = context;
  return transfer->is_stopped && transfer->is_stopped();
}

void curl_transfer_run(const curl_library *library, void *handle, curl_transfer *transfer) {
  transfer->library = library;
  transfer->handle = handle;
  // Connections outlive a reset.
  library->easy_reset(handle);
  void *lines = NULL;
  for (size_t index = 0; index < transfer->header_line_count; index++) {
    void *longer = library->slist_append(lines, transfer->header_lines[index]);
    if (longer) lines = longer;
  }
#define SET(option, value) library->easy_setopt(handle, option, value)
  SET(OPTION_URL, transfer->url);
  SET(OPTION_HTTP_HEADER, lines);
  SET(OPTION_USER_AGENT, transfer->user_agent);
  SET(OPTION_PROTOCOLS, (long)PROTOCOLS_HTTP_AND_HTTPS);
  SET(OPTION_FOLLOW_LOCATION, 0L);
  SET(OPTION_NO_SIGNAL, 1L);
  SET(OPTION_PATH_AS_IS, 1L);
  SET(OPTION_TCP_KEEP_ALIVE, 1L);
  SET(OPTION_SSL_VERSION, (long)TLS_1_2);
  SET(OPTION_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(OPTION_CONNECT_TIMEOUT_MS, transfer->connect_milliseconds);
  SET(OPTION_LOW_SPEED_LIMIT, transfer->low_speed_bytes);
  SET(OPTION_LOW_SPEED_TIME, transfer->low_speed_seconds);
  if (transfer->user_password) SET(OPTION_USER_PASSWORD, transfer->user_password);
  if (transfer->no_proxy) SET(OPTION_NO_PROXY, transfer->no_proxy);
  if (transfer->certificate_file) SET(OPTION_CA_FILE, transfer->certificate_file);
  if (transfer->certificate_folder) SET(OPTION_CA_FOLDER, transfer->certificate_folder);
  SET(OPTION_HEADER_FUNCTION, take_header);
  SET(OPTION_HEADER_DATA, transfer);
  SET(OPTION_WRITE_FUNCTION, take_body);
  SET(OPTION_WRITE_DATA, transfer);
  SET(OPTION_NO_PROGRESS, 0L);
  SET(OPTION_PROGRESS_FUNCTION, watch);
  SET(OPTION_PROGRESS_DATA, transfer);
#undef SET
  transfer->result = library->easy_perform(handle);
  library->easy_getinfo(handle, INFO_RESPONSE_CODE, &transfer->status);
  library->easy_getinfo(handle, INFO_CONNECT_CODE, &transfer->proxy_status);
  library->slist_free_all(lines);
}

curl_transfer *curl_transfer_new(void) {
  curl_transfer *transfer = calloc(1, sizeof(curl_transfer) + HEADER_BYTES + ERROR_BYTES);
  if (!transfer) return NULL;
  transfer->headers = (char *)(transfer + 1);
  transfer->error = transfer->headers + HEADER_BYTES;
  return transfer;
}

void curl_transfer_free(curl_transfer *transfer) {
  free(transfer->body);
  free(transfer);
}
