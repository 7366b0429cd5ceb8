/* Deadlines, for limits on how long opening and planning may take. */
#ifndef KAON_BASE_CLOCK_H
#define KAON_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t kaon_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* True if the deadline (0: none) has passed. */
static inline bool kaon_clock_past(uint64_t deadline_ns)
{
    return deadline_ns && kaon_clock_ns() > deadline_ns;
}

#endif
