/* Filters: what they wrote they read; what lies is refused. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <hdf5.h>

#include "tools/eval/filters.h"

typedef size_t filter_fn(unsigned, size_t, const unsigned *, size_t, size_t *, void **);

/* Runs a filter on a copy; *out is the result (to be freed) or the unchanged copy. */
static size_t run(filter_fn *filter, unsigned flags, unsigned value, const void *data, size_t bytes,
                  void **out)
{
    size_t room = bytes;
    *out = malloc(bytes + 1);
    assert_non_null(*out);
    memcpy(*out, data, bytes);
    const unsigned values[3] = { value, 0, value };
    return filter(flags, 3, values, bytes, &room, out);
}

static void refuses(filter_fn *filter, unsigned value, const void *data, size_t bytes)
{
    void *out;
    assert_int_equal(run(filter, H5Z_FLAG_REVERSE, value, data, bytes, &out), 0);
    free(out);
}

static void fill(unsigned char *data, size_t n)
{
    uint32_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (unsigned char)(i % 64 < 40 ? i / 512 : seed >> 24);
    }
}

static void lz4_gives_back_what_it_packed(void **state)
{
    static const size_t sizes[] = { 1, 11, 4096, 4097, 50000 };
    static const unsigned blocks[] = { 0, 4096, 1 << 20 };
    static unsigned char data[50000];
    (void)state;
    fill(data, sizeof data);
    for (size_t s = 0; s < 5; s++)
        for (size_t b = 0; b < 3; b++) {
            void *packed, *back;
            const size_t bytes = run(kaon_eval_filter_lz4, 0, blocks[b], data, sizes[s], &packed);
            assert_true(bytes > 0);
            assert_int_equal(run(kaon_eval_filter_lz4, H5Z_FLAG_REVERSE, 0, packed, bytes, &back),
                             sizes[s]);
            assert_memory_equal(back, data, sizes[s]);
            free(packed);
            free(back);
        }
}

static void lz4_refuses_hostile_numbers(void **state)
{
    static const unsigned char cases[][20] = {
        { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16 },                    /* no bytes at all */
        { 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0 },                     /* blocks of 0 */
        { 0, 0, 0, 0, 0, 0, 0, 8, 255, 255, 255, 255, 0, 0, 0, 1 }, /* blocks of 4 GiB */
        { 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 8 },     /* 2^64 - 1 bytes */
        { 0, 0, 0, 0, 128, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 4 },      /* 2 GiB from 20 bytes */
        { 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 255, 255, 255, 255 }, /* packed past the end */
        { 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 4, 240, 255, 255, 255 }, /* long literals */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(kaon_eval_filter_lz4, 0, cases[i], sizeof cases[i]);
    refuses(kaon_eval_filter_lz4, 0, cases[0], 3);
}

static void lz4_refuses_a_chunk_of_another_size(void **state)
{
    unsigned char data[1000];
    void *packed, *out;
    (void)state;
    fill(data, sizeof data);
    const size_t bytes = run(kaon_eval_filter_lz4, 0, 0, data, sizeof data, &packed);
    kaon_eval_filters_expect(2000);
    refuses(kaon_eval_filter_lz4, 0, packed, bytes);
    kaon_eval_filters_expect(1000);
    assert_int_equal(run(kaon_eval_filter_lz4, H5Z_FLAG_REVERSE, 0, packed, bytes, &out), 1000);
    kaon_eval_filters_expect(0);
    free(out);
    free(packed);
}

/* Every truncation and every changed byte is refused or decodes to the declared size. */
static void lz4_survives_broken_chunks(void **state)
{
    unsigned char data[600];
    void *packed, *out;
    (void)state;
    fill(data, sizeof data);
    const size_t bytes = run(kaon_eval_filter_lz4, 0, 256, data, sizeof data, &packed);
    kaon_eval_filters_expect(sizeof data);
    for (size_t n = 0; n < bytes; n++)
        refuses(kaon_eval_filter_lz4, 0, packed, n);
    for (size_t i = 0; i < bytes; i++)
        for (int bit = 0; bit < 8; bit++) {
            ((unsigned char *)packed)[i] ^= (unsigned char)(1 << bit);
            const size_t got = run(kaon_eval_filter_lz4, H5Z_FLAG_REVERSE, 0, packed, bytes, &out);
            assert_true(got == 0 || got == sizeof data);
            free(out);
            ((unsigned char *)packed)[i] ^= (unsigned char)(1 << bit);
        }
    kaon_eval_filters_expect(0);
    free(packed);
}

static void lzf_unpacks_literals_and_runs(void **state)
{
    /* "abc", then 6 bytes from 3 back, then 12 bytes (long form) from 1 back */
    static const unsigned char packed[] = { 2, 'a', 'b', 'c', 4 << 5, 2, 7 << 5, 3, 0 };
    void *out;
    (void)state;
    assert_int_equal(run(kaon_eval_filter_lzf, H5Z_FLAG_REVERSE, 21, packed, sizeof packed, &out),
                     21);
    assert_memory_equal(out, "abcabcabccccccccccccc", 21);
    free(out);
}

static void lzf_refuses_broken_streams(void **state)
{
    static const unsigned char short_literal[] = { 5, 'a' }, far[] = { 0, 'a', 1 << 5, 9 },
                               no_distance[] = { 0, 'a', 1 << 5 }, no_length[] = { 0, 'a', 7 << 5 },
                               other_size[] = { 2, 'a', 'b', 'c' };
    (void)state;
    refuses(kaon_eval_filter_lzf, 6, short_literal, sizeof short_literal);
    refuses(kaon_eval_filter_lzf, 4, far, sizeof far);
    refuses(kaon_eval_filter_lzf, 4, no_distance, sizeof no_distance);
    refuses(kaon_eval_filter_lzf, 4, no_length, sizeof no_length);
    refuses(kaon_eval_filter_lzf, 2, other_size, sizeof other_size);
    refuses(kaon_eval_filter_lzf, 400, other_size, sizeof other_size);
    refuses(kaon_eval_filter_lzf, 1u << 31, other_size, sizeof other_size);
}

static void zstd_refuses_what_is_no_frame(void **state)
{
    (void)state;
    refuses(kaon_eval_filter_zstd, 0, "0123456789", 10);
    refuses(kaon_eval_filter_zstd, 0, "\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\x7f", 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lz4_gives_back_what_it_packed),
        cmocka_unit_test(lz4_refuses_hostile_numbers),
        cmocka_unit_test(lz4_refuses_a_chunk_of_another_size),
        cmocka_unit_test(lz4_survives_broken_chunks),
        cmocka_unit_test(lzf_unpacks_literals_and_runs),
        cmocka_unit_test(lzf_refuses_broken_streams),
        cmocka_unit_test(zstd_refuses_what_is_no_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
