#define _GNU_SOURCE
#include "http_server.h"

#include <sys/socket.h>

struct MHD_Daemon *http_server_start(const http_server_settings *settings) {
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
  struct MHD_OptionItem options[10];
  int count = 0;
  options[count++] = (struct MHD_OptionItem){
      MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)settings->completed, settings->context};
  options[count++] = (struct MHD_OptionItem){
      MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)settings->connection, settings->context};
  options[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, (intptr_t)settings->connection_limit, NULL};
  options[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)settings->idle_seconds, NULL};
  options[count++] =
      (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)settings->memory_bytes, NULL};
  if (settings->certificate && settings->key) {
    flags |= MHD_USE_TLS;
    options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)settings->certificate};
    options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings->key};
    options[count++] = (struct MHD_OptionItem){
        MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"};
  }
  options[count++] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
  return MHD_start_daemon(flags, 0, NULL, NULL, settings->access, settings->context, MHD_OPTION_ARRAY, options,
                          MHD_OPTION_END);
}

int http_connection_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

const char *http_header(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

int http_accept(int listener, struct sockaddr_storage *address, socklen_t *length) {
  *length = sizeof *address;
  return accept4(listener, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
