/* Prints this computer's time-stamp counter rate in kHz. An emulated machine reads the same counter; told its rate it need not
 * calibrate, which goes wrong by factors on a busy computer. */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

int main(void) {
    double begun = seconds();
    unsigned long long ticks = __rdtsc();
    struct timespec second = {1, 0};
    nanosleep(&second, 0);
    ticks = __rdtsc() - ticks;
    printf("%.0f\n", ticks / (seconds() - begun) / 1000);
}
