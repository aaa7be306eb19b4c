/* One turn at the counter: reads a number on the share, waits, writes it back one larger. Nothing but the lease keeps turns apart.
 *
 *   turn FILE MILLISECONDS [COUNT]
 *
 * Prints `turn BEGIN END VALUE` per turn, on this machine's boot-time clock: BEGIN before the first byte is read, END after the last
 * is flushed and closed. With COUNT it takes that many turns by itself, which shows what happens without a lease. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 20 };

static long long now(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *doing) {
    perror(doing);
    exit(1);
}

static long long read_number(const char *path) {
    char text[WIDTH + 1] = {0};
    int file = open(path, O_RDONLY);
    if (file < 0) fail("turn: open");
    if (pread(file, text, WIDTH, 0) != WIDTH) fail("turn: read");
    close(file);
    return strtoll(text, 0, 10);
}

static void write_number(const char *path, long long value) {
    char text[32];
    snprintf(text, sizeof text, "%019lld\n", value);
    int file = open(path, O_WRONLY);
    if (file < 0) fail("turn: open to write");
    if (pwrite(file, text, WIDTH, 0) != WIDTH || fsync(file) || close(file)) fail("turn: write");
}

int main(int count, char **arguments) {
    if (count < 3) return 64;
    long long wait = atoll(arguments[2]);
    for (int turns = count > 3 ? atoi(arguments[3]) : 1; turns > 0; turns--) {
        long long begin = now();
        long long value = read_number(arguments[1]) + 1;
        struct timespec pause = {wait / 1000, wait % 1000 * 1000000};
        nanosleep(&pause, 0);
        write_number(arguments[1], value);
        printf("turn %lld %lld %lld\n", begin, now(), value);
        fflush(stdout);
    }
    return 0;
}
