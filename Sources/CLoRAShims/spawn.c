#define _GNU_SOURCE
#include "lora_shims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

extern char **environ;

// Has descriptors 0 and 1 be these, and the signals of a program that was started by a shell.
static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int input, int output) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int failure = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
  if (!failure) failure = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (!failure) failure = posix_spawnattr_setsigmask(attributes, &none);
  if (!failure) failure = posix_spawnattr_setsigdefault(attributes, &all);
  if (!failure) failure = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  return failure;
}

pid_t lora_spawn(char *const *argv, int *input, int *output) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0) return -1;
  if (pipe2(out, O_CLOEXEC) != 0) {
    close(in[0]);
    close(in[1]);
    return -1;
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t id = -1;
  int failure = posix_spawn_file_actions_init(&actions);
  if (!failure) {
    failure = posix_spawnattr_init(&attributes);
    if (!failure) {
      failure = prepare(&actions, &attributes, in[0], out[1]);
      if (!failure) failure = posix_spawnp(&id, argv[0], &actions, &attributes, argv, environ);
      posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  close(in[0]);
  close(out[1]);
  if (failure) {
    close(in[1]);
    close(out[0]);
    errno = failure;
    return -1;
  }
  *input = in[1];
  *output = out[0];
  return id;
}
