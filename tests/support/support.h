/* What the tests share: data files, tensors, numbers that repeat, allocators that count and fail.
 *
 * Helpers end the test program with a message where a failure is the test's own (a file that cannot
 * be read, no memory), so that tests say only what they are about. */
#ifndef KAON_TESTS_SUPPORT_H
#define KAON_TESTS_SUPPORT_H

#include "engine/kaon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- data ------------------------------------------------------------------------------------ */

enum { TEST_SKIPPED = 77, TEST_PORTS = 64 };

/* Where models and data are: the environment's KAON_DATA, else the one given to CMake. */
const char *test_data(void);

/* True if the folder of models is there. If not, a test that opens or reads one of them is skipped, and
 * programs that walk through it return test_skip(). */
bool test_have_models(void);
int test_skip(const char *why);

/* "<data>/models/<name>" in one of a few static buffers. */
const char *test_model_path(const char *name);

/* "<conformance>/<name>": the environment's KAON_CONFORMANCE, else the one given to CMake. */
const char *test_case_path(const char *name);
bool test_have_file(const char *path);

/* A whole file in memory from malloc. */
unsigned char *test_read(const char *path, size_t *bytes);

/* ---- models and tensors ---------------------------------------------------------------------- */

/* Open or end the program. */
struct kaon_model *test_open(const char *path, const struct kaon_open_options *options);
struct kaon_session *test_session(const struct kaon_model *model);

/* Inputs and expected outputs of one test_data_set folder; outputs without a file have no data. */
struct test_set {
    size_t n_in, n_out;
    struct kaon_tensor in[TEST_PORTS], out[TEST_PORTS];
};

/* False if there is no such folder. */
bool test_set_open(struct test_set *set, const struct kaon_model *model, const char *folder,
                   int index);
void test_set_close(struct test_set *set);

/* The folder in which a model's file is, in a static buffer. */
const char *test_folder(const char *path);

/* Numbers that are the same in every run: a linear congruential generator's upper bits. */
struct test_random {
    uint64_t state;
};
uint32_t test_next(struct test_random *r);
float test_float(struct test_random *r, float low, float high);

/* Fresh inputs of a model: symbolic axes have length n, floats are between -1 and 1, bools and
 * integers 0 or 1. Freed by test_inputs_close. */
void test_inputs(struct kaon_tensor *in, const struct kaon_model *model, int64_t n,
                 struct test_random *r);
void test_inputs_close(struct kaon_tensor *in, const struct kaon_model *model);

/* FNV-1a over types, shapes and contents of n tensors, on top of `hash`. */
uint64_t test_digest(uint64_t hash, const struct kaon_tensor *tensors, size_t n);
#define TEST_DIGEST 14695981039346656037u

/* Number of elements for which |got - want| > absolute + relative |want| or the two are not both
 * NaN; -1 if types or shapes differ. Integers have to be equal. */
int64_t test_compare(const struct kaon_tensor *got, const struct kaon_tensor *want, double absolute,
                     double relative);

/* ---- allocators ------------------------------------------------------------------------------ */

/* Counts blocks and bytes; the call number fail_at (from 1; 0: none) gives NULL, and so does what
 * exceeds most_bytes (0: no limit). `self` is what kaon gets. */
struct test_allocator {
    struct kaon_allocator self;
    size_t calls, fail_at, blocks, bytes, most_bytes;
    bool failed;
};
void test_allocator_open(struct test_allocator *a, size_t fail_at, size_t most_bytes);

/* ---- text ------------------------------------------------------------------------------------ */

/* A kaon_write_fn into a growing string. */
struct test_text {
    char *text;
    size_t bytes;
};
void test_text_write(void *user, const char *text, size_t bytes);

#endif
