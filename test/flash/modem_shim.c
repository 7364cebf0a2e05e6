// SPDX-License-Identifier: Apache-2.0
// Test only (LD_PRELOAD): pseudo terminals with modem lines and parity, which Linux gives to real serial ports alone.
// Every change of DTR and RTS is appended to the file $MOTE_LINES as two digits, DTR first; the emulated board reads it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

static int lines;       /* TIOCM_DTR | TIOCM_RTS of the one port that a test opens */
static tcflag_t parity; /* what a pty forgets of c_cflag */

static int open_as(const char *name, const char *path, int flags, mode_t mode);

static int is_pty(int fd) {
  struct stat s;
  return fstat(fd, &s) == 0 && S_ISCHR(s.st_mode) && major(s.st_rdev) >= 136 && major(s.st_rdev) <= 143;
}

static void set_lines(int wanted) {
  const int now = wanted & (TIOCM_DTR | TIOCM_RTS);
  const char *path = getenv("MOTE_LINES");
  if (now == lines || path == NULL) return;
  lines = now;
  const char text[3] = {(now & TIOCM_DTR) ? '1' : '0', (now & TIOCM_RTS) ? '1' : '0', '\n'};
  const int file = open_as("open", path, O_WRONLY | O_APPEND, 0);
  if (file < 0) return;
  if (write(file, text, sizeof text) != sizeof text) abort();
  close(file);
}

/* Linux asserts both lines of a serial port when it is opened (tty_port_block_til_ready). */
static int opened(int fd) {
  if (fd >= 0 && is_pty(fd)) set_lines(TIOCM_DTR | TIOCM_RTS);
  return fd;
}

static int open_as(const char *name, const char *path, int flags, mode_t mode) {
  int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
  return next(path, flags, mode);
}

#define MODE_OF(flags, mode)                                     \
  mode_t mode = 0;                                               \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                         \
    va_list args;                                                \
    va_start(args, flags);                                       \
    mode = va_arg(args, mode_t);                                 \
    va_end(args);                                                \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(open_as("open", path, flags, mode));
}

int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(open_as("open64", path, flags, mode));
}

int ioctl(int fd, unsigned long request, ...) {
  va_list args;
  va_start(args, request);
  void *arg = va_arg(args, void *);
  va_end(args);
  const int is_lines = request == TIOCMGET || request == TIOCMSET || request == TIOCMBIS || request == TIOCMBIC;
  if (!is_lines || !is_pty(fd)) {
    int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, arg);
  }
  int *value = arg;
  if (request == TIOCMGET) *value = lines;
  else if (request == TIOCMSET) set_lines(*value);
  else if (request == TIOCMBIS) set_lines(lines | *value);
  else set_lines(lines & ~*value);
  return 0;
}

int tcsetattr(int fd, int actions, const struct termios *wanted) {
  int (*next)(int, int, const struct termios *) = (int (*)(int, int, const struct termios *))dlsym(RTLD_NEXT, "tcsetattr");
  if (is_pty(fd)) parity = wanted->c_cflag & (PARENB | PARODD);
  return next(fd, actions, wanted);
}

int tcgetattr(int fd, struct termios *got) {
  int (*next)(int, struct termios *) = (int (*)(int, struct termios *))dlsym(RTLD_NEXT, "tcgetattr");
  const int status = next(fd, got);
  if (status == 0 && is_pty(fd)) got->c_cflag = (got->c_cflag & ~(tcflag_t)(PARENB | PARODD)) | parity;
  return status;
}
