/*
 * Preloaded into a player, so that schedules of several machines can be executed step by step on one.
 *
 * SHIM_FOLDER + SHIM_STOP=n: stops the process (SIGSTOP) right before the n-th call that changes anything below that folder (makes,
 * renames or removes a name, writes, sets a time), and writes the process's number and the call into the file SHIM_REPORT. It goes
 * on at SIGCONT.
 * SHIM_AHEAD=s: the wall clock is s seconds ahead. File times and the other clocks stay as they are.
 *
 * It knows nothing of any peer; what is not called through libc is not seen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int calls;

/* One step on a path, or with an empty path on what is open as `file`. */
static void step(const char *call, int file, const char *path) {
    const char *stop = getenv("SHIM_STOP"), *folder = getenv("SHIM_FOLDER");
    char link[64], whole[8192] = "";
    if (!stop || !folder || !path) return;
    if (path[0] != '/') {
        if (file == AT_FDCWD) strcpy(link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link, whole, 4096);
        if (length < 0) return;
        snprintf(whole + length, sizeof whole - length, "%s%s", *path ? "/" : "", path);
        path = whole;
    }
    if (strncmp(path, folder, strlen(folder)) != 0 || path[strlen(folder)] != '/') return;
    if (__sync_add_and_fetch(&calls, 1) != atoi(stop)) return;
    FILE *report = fopen(getenv("SHIM_REPORT"), "w");
    if (!report) abort();
    fprintf(report, "%d %s %s\n", getpid(), call, path + strlen(folder) + 1);
    fclose(report);
    raise(SIGSTOP);
}

#define OPEN(name)                                                       \
    int name(const char *path, int flags, ...) {                         \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                    \
        if (flags & O_CREAT) step("create", AT_FDCWD, path);             \
        return REAL(name)(path, flags, mode);                            \
    }
#define OPENAT(name)                                                     \
    int name(int folder, const char *path, int flags, ...) {             \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                    \
        if (flags & O_CREAT) step("create", folder, path);               \
        return REAL(name)(folder, path, flags, mode);                    \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int mkdir(const char *path, mode_t mode) {
    step("mkdir", AT_FDCWD, path);
    return REAL(mkdir)(path, mode);
}
int mkdirat(int folder, const char *path, mode_t mode) {
    step("mkdir", folder, path);
    return REAL(mkdirat)(folder, path, mode);
}
int rmdir(const char *path) {
    step("rmdir", AT_FDCWD, path);
    return REAL(rmdir)(path);
}
int unlink(const char *path) {
    step("unlink", AT_FDCWD, path);
    return REAL(unlink)(path);
}
int unlinkat(int folder, const char *path, int flags) {
    step("unlink", folder, path);
    return REAL(unlinkat)(folder, path, flags);
}
int rename(const char *from, const char *to) {
    step("rename", AT_FDCWD, to);
    return REAL(rename)(from, to);
}
int renameat(int from, const char *path, int to, const char *target) {
    step("rename", to, target);
    return REAL(renameat)(from, path, to, target);
}
int renameat2(int from, const char *path, int to, const char *target, unsigned flags) {
    step(flags & RENAME_EXCHANGE ? "exchange" : "rename", to, target);
    return REAL(renameat2)(from, path, to, target, flags);
}
/* filelock reaches renameat2 through this. */
long syscall(long number, ...) {
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_renameat2) step(a[4] & RENAME_EXCHANGE ? "exchange" : "rename", (int)a[2], (const char *)a[3]);
    return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
int link(const char *from, const char *to) {
    step("link", AT_FDCWD, to);
    return REAL(link)(from, to);
}
int linkat(int from, const char *path, int to, const char *target, int flags) {
    step("link", to, target);
    return REAL(linkat)(from, path, to, target, flags);
}

ssize_t write(int file, const void *bytes, size_t count) {
    step("write", file, "");
    return REAL(write)(file, bytes, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    step("write", file, "");
    return REAL(pwrite)(file, bytes, count, at);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    step("write", file, "");
    return REAL(pwrite64)(file, bytes, count, at);
}
int ftruncate64(int file, off64_t length) {
    step("truncate", file, "");
    return REAL(ftruncate64)(file, length);
}
int utime(const char *path, const struct utimbuf *times) {
    step("touch", AT_FDCWD, path);
    return REAL(utime)(path, times);
}
int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    step("touch", folder, path);
    return REAL(utimensat)(folder, path, times, flags);
}
int futimens(int file, const struct timespec times[2]) {
    step("touch", file, "");
    return REAL(futimens)(file, times);
}

static long ahead(void) {
    const char *seconds = getenv("SHIM_AHEAD");
    return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int result = REAL(clock_gettime)(clock, at);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += ahead();
    return result;
}
int gettimeofday(struct timeval *at, void *zone) {
    int result = REAL(gettimeofday)(at, zone);
    if (result == 0) at->tv_sec += ahead();
    return result;
}
time_t time(time_t *at) {
    time_t now = REAL(time)(NULL) + ahead();
    if (at) *at = now;
    return now;
}
