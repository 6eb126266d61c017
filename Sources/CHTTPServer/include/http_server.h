// What Swift cannot call of GNU libmicrohttpd, whose calls are variadic.
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// How a daemon serves; all texts and functions outlive it.
typedef struct http_server_settings {
  // Passed to each of the functions.
  void *context;
  // Called for every piece of a request, on the daemon's thread.
  MHD_AccessHandlerCallback access;
  // Called when a request is over, however it ended.
  MHD_RequestCompletedCallback completed;
  // Called when a connection begins and before it is closed.
  MHD_NotifyConnectionCallback connection;
  // Connections at once, and seconds after which one without traffic is closed.
  unsigned connection_limit, idle_seconds;
  // Bytes for the header of a request.
  size_t memory_bytes;
  // Certificate chain and key in PEM, or null for plain HTTP.
  const char *certificate, *key;
} http_server_settings;

// Starts a daemon with one thread, without a socket of its own: it serves the connections that are handed to it. Null
// when it cannot be started, as with a certificate and a key that do not belong together.
struct MHD_Daemon *http_server_start(const http_server_settings *settings);

// The descriptor of a connection, or -1.
int http_connection_descriptor(struct MHD_Connection *connection);

// Whether a connection begins, and is not about to be closed.
static inline _Bool http_connection_begins(enum MHD_ConnectionNotificationCode code) {
  return code == MHD_CONNECTION_NOTIFY_STARTED;
}

// The value of a header line of a request, or null.
const char *http_header(struct MHD_Connection *connection, const char *name);

// A socket that listens at a port of a host, or of all addresses where it is null; port 0 has the system choose one.
// Returns the descriptor, or -1 with errno set.
int http_listen(const char *host, uint16_t port, int backlog);

// A socket that listens at a path; one that a server left behind there is replaced. Returns the descriptor, or -1 with
// errno set.
int http_listen_path(const char *path, int backlog);

// The port of a listening socket, or 0.
uint16_t http_port(int listener);

// Takes the next connection of a listening socket that does not wait. Returns its descriptor, or -1 with errno set.
int http_accept(int listener, struct sockaddr_storage *address, socklen_t *length);

#endif
