/* Process 1 of a machine of the lab: does what the controller asks through a virtio-serial port.
 *
 * A frame is four little-endian words (magic, id, kind, length) and `length` bytes. Everything that comes back carries this machine's
 * boot-time clock, read when the output was: the controller knows the offset and so has one clock for all machines.
 * The hazard is a request that blocks process 1: only the port itself is written with blocking calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAGIC = 0x544e4c53, JOBS = 128, CHUNK = 32768, OFFICE = 2000 };
enum { RUN = 1, PUT = 2, SIGNAL = 3, CLOCK = 4 };     /* to the machine */
enum { OUTPUT = 1, EXITED = 2, CLOCKS = 4 };          /* from the machine */

struct frame { uint32_t magic, id, kind, length; };
struct job { uint32_t id; pid_t pid; int output; int ended; int32_t code; };

static struct job jobs[JOBS];
static int port;

static int64_t clock_of(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void write_all(const void *from, size_t length) {
    for (const char *at = from; length > 0;) {
        ssize_t count = write(port, at, length);
        if (count > 0) at += count, length -= count;
        else usleep(1000);
    }
}

static void read_all(void *to, size_t length) {
    for (char *at = to; length > 0;) {
        ssize_t count = read(port, at, length);
        if (count > 0) at += count, length -= count;
        else usleep(1000);
    }
}

/* Sends the clock, and what follows it. */
static void tell(uint32_t id, uint32_t kind, const void *what, uint32_t length) {
    static char whole[sizeof(struct frame) + 8 + CHUNK];
    struct frame frame = {MAGIC, id, kind, 8 + length};
    int64_t now = clock_of(CLOCK_BOOTTIME);
    memcpy(whole, &frame, sizeof frame);
    memcpy(whole + sizeof frame, &now, 8);
    memcpy(whole + sizeof frame + 8, what, length);
    write_all(whole, sizeof frame + 8 + length);
}

static void tell_exit(uint32_t id, int32_t code) { tell(id, EXITED, &code, 4); }

/* Becomes an ordinary user with a home of its own and the umask that most systems start with. */
static void become(uint32_t user) {
    char home[64];
    snprintf(home, sizeof home, "/home/%u", user);
    mkdir(home, 0700);
    if (user != 0) {
        gid_t office = OFFICE;
        if (chown(home, user, user) || setgroups(1, &office) || setgid(user) || setuid(user)) _exit(126);
    }
    setenv("HOME", home, 1);
    umask(022);
}

static void run(uint32_t id, const char *body) {
    uint32_t user;
    memcpy(&user, body, 4);
    struct job *job = jobs;
    while (job < jobs + JOBS && job->pid) job++;
    int ends[2];
    if (job == jobs + JOBS || pipe2(ends, O_CLOEXEC)) { tell_exit(id, -999); return; }
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        signal(SIGPIPE, SIG_DFL);
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        become(user);
        execl("/bin/sh", "sh", "-c", body + 4, (char *)0);
        _exit(127);
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *job = (struct job){.id = id, .pid = pid, .output = ends[0]};
}

/* A file: mode, path, zero, bytes. */
static void put(uint32_t id, const char *body, uint32_t length) {
    uint32_t mode;
    memcpy(&mode, body, 4);
    const char *path = body + 4, *at = path + strlen(path) + 1, *end = body + length;
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int32_t code = file < 0 ? errno : 0;
    while (code == 0 && at < end) {
        ssize_t count = write(file, at, end - at);
        if (count > 0) at += count;
        else code = errno;
    }
    if (file >= 0) { fchmod(file, mode); close(file); }
    tell_exit(id, code);
}

/* A signal to a job: its first process, or (`group`) everything that it started and that did not leave the group. */
static void send_signal(uint32_t id, const char *body) {
    uint32_t target, number, group;
    memcpy(&target, body, 4);
    memcpy(&number, body + 4, 4);
    memcpy(&group, body + 8, 4);
    int32_t code = ESRCH;
    for (struct job *job = jobs; job < jobs + JOBS; job++)
        if (job->pid && job->id == target) code = kill(group ? -job->pid : job->pid, number) ? errno : 0;
    tell_exit(id, code);
}

static void serve_request(void) {
    struct frame frame = {0};
    while (frame.magic != MAGIC) {
        unsigned char byte;
        read_all(&byte, 1);
        frame.magic = frame.magic >> 8 | (uint32_t)byte << 24;
    }
    read_all(&frame.id, sizeof frame - 4);
    char *body = malloc(frame.length + 1);
    if (!body) return;
    read_all(body, frame.length);
    body[frame.length] = 0;
    int64_t wall = clock_of(CLOCK_REALTIME);
    switch (frame.kind) {
    case RUN: run(frame.id, body); break;
    case PUT: put(frame.id, body, frame.length); break;
    case SIGNAL: send_signal(frame.id, body); break;
    case CLOCK: tell(frame.id, CLOCKS, &wall, 8); break;
    }
    free(body);
}

/* Passes on what a job wrote; returns 0 when there is no more for now. */
static int pass_on(struct job *job) {
    static char bytes[CHUNK];
    ssize_t count = read(job->output, bytes, sizeof bytes);
    if (count > 0) { tell(job->id, OUTPUT, bytes, count); return 1; }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) { close(job->output); job->output = -1; }
    return 0;
}

static void reap(void) {
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (struct job *job = jobs; job < jobs + JOBS; job++)
            if (job->pid == pid) {
                job->ended = 1;
                job->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
            }
    for (struct job *job = jobs; job < jobs + JOBS; job++)
        if (job->pid && job->ended) {
            while (job->output >= 0 && pass_on(job)) {}
            if (job->output >= 0) close(job->output);
            tell_exit(job->id, job->code);
            job->pid = 0;
        }
}

static void on_child(int number) { (void)number; }

int main(int count, char **arguments) {
    port = open(count > 1 ? arguments[1] : "/dev/vport0p1", O_RDWR | O_CLOEXEC);
    if (port < 0) { perror("agent: port"); for (;;) pause(); }
    struct sigaction action = {.sa_handler = on_child};
    sigaction(SIGCHLD, &action, 0);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        struct pollfd polled[JOBS + 1] = {{.fd = port, .events = POLLIN}};
        struct job *of[JOBS + 1];
        int number = 1;
        for (struct job *job = jobs; job < jobs + JOBS; job++)
            if (job->pid && job->output >= 0) {
                of[number] = job;
                polled[number++] = (struct pollfd){.fd = job->output, .events = POLLIN};
            }
        int ready = poll(polled, number, 200);
        if (ready > 0 && polled[0].revents & POLLIN) serve_request();
        else if (ready > 0 && polled[0].revents) usleep(5000); /* no controller is connected */
        if (ready > 0)
            for (int i = 1; i < number; i++)
                if (polled[i].revents) pass_on(of[i]);
        reap();
    }
}
