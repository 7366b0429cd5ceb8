/* What is kept of jets does not stay in memory while jets come, and is all there afterwards. */
#include "tools/eval/scores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 5000, BLOCKS = 200, CLASSES = 3, MOST = 8 << 20 };

/* Bytes of memory, mapped files included or not. */
static void resident(size_t *all, size_t *anonymous)
{
    unsigned long total, pages, shared;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu %lu %lu", &total, &pages, &shared), 3);
    fclose(f);
    *all = pages * (size_t)sysconf(_SC_PAGESIZE);
    *anonymous = (pages - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

static float probability(size_t row, size_t k)
{
    return (float)((row * CLASSES + k) % 1000003) / 1000003.0f;
}

static struct eval_spec *make_spec(void)
{
    struct eval_spec *spec = calloc(1, sizeof *spec);
    assert_non_null(spec);
    spec->n_classes = 1; /* without cuts: every jet is of it */
    spec->n_probabilities = spec->n_given = CLASSES;
    return spec;
}

static void add_block(struct eval_scores *s, const struct eval_spec *spec, size_t first)
{
    static float p[ROWS * CLASSES], macs[ROWS];
    static double number[ROWS];
    const struct eval_block block = { .first = first, .rows = ROWS, .number = number };
    const struct eval_result result = { .probability = p, .jet_macs = macs };
    for (size_t i = 0; i < ROWS; i++) {
        macs[i] = (float)i;
        for (size_t k = 0; k < CLASSES; k++)
            p[i * CLASSES + k] = probability(first + i, k);
    }
    assert_int_equal(kaon_eval_scores_add(s, spec, &block, &result, NULL), KAON_OK);
}

static void check_all(const struct eval_scores *s)
{
    assert_int_equal(s->n, (size_t)ROWS * BLOCKS);
    for (size_t i = 0; i < s->n; i++) {
        if (s->row[i] != i || s->class[i] != 0 || s->macs[i] != (float)(i % ROWS))
            fail_msg("jet %zu is another", i);
        for (size_t k = 0; k < CLASSES; k++)
            if (s->probability[i * CLASSES + k] != probability(i, k))
                fail_msg("probability of jet %zu is another", i);
    }
}

static void memory_stays_flat(void **state)
{
    struct eval_spec *spec = make_spec();
    struct eval_scores s = { 0 };
    size_t all[2] = { 0 }, anonymous[2] = { 0 };
    (void)state;
    for (size_t i = 0; i < BLOCKS; i++) {
        add_block(&s, spec, i * ROWS);
        if (i == BLOCKS / 5)
            resident(&all[0], &anonymous[0]);
    }
    resident(&all[1], &anonymous[1]);
    assert_false(s.spill[EVAL_COLUMN_PROBABILITY].in_memory);
    assert_true(all[1] < all[0] + MOST);
    assert_true(anonymous[1] < anonymous[0] + MOST);
    check_all(&s);
    kaon_eval_scores_close(&s);
    free(spec);
}

static void memory_serves_without_a_disk(void **state)
{
    struct eval_spec *spec = make_spec();
    struct eval_scores s = { 0 };
    const char *before = getenv("TMPDIR");
    char *kept = before ? strdup(before) : NULL;
    (void)state;
    setenv("TMPDIR", "/nonexistent", 1);
    for (size_t i = 0; i < BLOCKS; i++)
        add_block(&s, spec, i * ROWS);
    assert_true(s.spill[EVAL_COLUMN_PROBABILITY].in_memory);
    check_all(&s);
    kaon_eval_scores_close(&s);
    free(spec);
    if (kept)
        setenv("TMPDIR", kept, 1);
    else
        unsetenv("TMPDIR");
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_stays_flat),
        cmocka_unit_test(memory_serves_without_a_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
