/* Broken files: opened, and if that goes well run once, under limits. */
#ifndef KAON_TESTS_API_HOSTILE_H
#define KAON_TESTS_API_HOSTILE_H

#include "tests/support/support.h"

struct hostile_count {
    size_t tried, opened, ran;
    uint64_t most_elements; /* limit of a tensor, and of a loop; set by the test */
};

/* Opens `bytes` bytes as a model, in a block of just that size so that a sanitizer sees reads past
 * its end, and runs it with symbolic lengths of 2. Whatever happens must be a status with a message. */
void hostile_try(const unsigned char *data, size_t bytes, struct hostile_count *count);

/* Changes a few bits, bytes or lengths of the file; returns its new length, at most `bytes`. */
size_t hostile_change(unsigned char *data, size_t bytes, struct test_random *r);

/* A crash, or a file that takes a minute, is reported with the file and the number of the change.
 * Setup is cmocka's for the group. */
void hostile_watch(const char *file, size_t change);
int hostile_setup(void **state);

#endif
