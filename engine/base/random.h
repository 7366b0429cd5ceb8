/* Random numbers without state (SplitMix64): number i of a seed is always the same. */
#ifndef KAON_BASE_RANDOM_H
#define KAON_BASE_RANDOM_H

#include <stdint.h>
#include <string.h>

static inline uint64_t kaon_random_bits(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* In [0, 1), with 53 bits. */
static inline double kaon_random_unit(uint64_t seed, uint64_t i)
{
    return (double)(kaon_random_bits(seed, i) >> 11) * 0x1p-53;
}

/* A seed of the standard's attribute, and of a name: neighbours lie far apart. */
static inline uint64_t kaon_random_seed(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return kaon_random_bits(bits, 0);
}

static inline uint64_t kaon_random_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; name && *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return kaon_random_bits(hash, 0);
}

#endif
