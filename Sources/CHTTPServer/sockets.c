#define _GNU_SOURCE
#include "http_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int opened(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

// Closes a socket that cannot be used and keeps errno.
static int failed(int descriptor) {
  int number = errno;
  if (descriptor >= 0) close(descriptor);
  errno = number;
  return -1;
}

static int bound(const struct addrinfo *place, int backlog) {
  int descriptor = opened(place->ai_family), one = 1;
  if (descriptor < 0) return -1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(descriptor, place->ai_addr, place->ai_addrlen) != 0 || listen(descriptor, backlog) != 0)
    return failed(descriptor);
  return descriptor;
}

int http_listen(const char *host, uint16_t port, int backlog) {
  char service[8];
  snprintf(service, sizeof service, "%u", (unsigned)port);
  struct addrinfo wanted = {.ai_family = host ? AF_UNSPEC : AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  struct addrinfo *places = NULL;
  int result = getaddrinfo(host, service, &wanted, &places);
  if (result != 0) {
    if (result != EAI_SYSTEM) errno = EADDRNOTAVAIL;
    return -1;
  }
  int descriptor = -1;
  for (struct addrinfo *place = places; place && descriptor < 0; place = place->ai_next)
    descriptor = bound(place, backlog);
  int number = errno;
  freeaddrinfo(places);
  errno = number;
  return descriptor;
}

// Whether a socket lies at the path that no process listens at any more.
static int is_left_behind(const struct sockaddr_un *address) {
  struct stat status;
  if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return 0;
  int descriptor = opened(AF_UNIX);
  if (descriptor < 0) return 0;
  int is_dead = connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
  close(descriptor);
  return is_dead;
}

int http_listen_path(const char *path, int backlog) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  if (is_left_behind(&address)) unlink(path);
  int descriptor = opened(AF_UNIX);
  if (descriptor < 0) return -1;
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 || listen(descriptor, backlog) != 0)
    return failed(descriptor);
  return descriptor;
}

uint16_t http_port(int listener) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getsockname(listener, (struct sockaddr *)&address, &length) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
  return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}
