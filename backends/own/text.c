/* StringConcat, StringSplit, StringNormalizer, and Equal of strings. New texts lie in the memory that a step is
 * prepared in: these operators run when their inputs are there, and what they leave lives until the run ends. */
#include "backends/own/text.h"

#include "backends/own/copy.h"
#include "engine/base/text.h"

#include <string.h>

struct text {
    struct kaon_arena *memory;
};

static enum kaon_status no_memory(const struct kaon_step *step, struct kaon_msg *msg)
{
    return kaon_own_fail(&step->call, msg, KAON_NO_MEMORY, "no memory for strings");
}

/* Where element i of y lies in x, which broadcasts to it. */
static size_t source(const struct kaon_tensor *y, const struct kaon_tensor *x, size_t i)
{
    size_t at = 0, step = 1;
    for (int32_t k = y->rank - 1, j = x->rank - 1; j >= 0; k--, j--) {
        const size_t c = i % (size_t)y->dims[k];
        i /= (size_t)y->dims[k];
        at += x->dims[j] == 1 ? 0 : c * step;
        step *= (size_t)x->dims[j];
    }
    return at;
}

static enum kaon_status run_concat(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct text *t = step->args;
    const struct kaon_tensor *a = step->call.in[0], *b = step->call.in[1], *y = step->call.out[0];
    for (size_t i = 0; i < kaon_own_count(y); i++) {
        const char *left = kaon_text_at(a, source(y, a, i)),
                   *right = kaon_text_at(b, source(y, b, i));
        const size_t n = strlen(left), m = strlen(right);
        char *both = kaon_arena_push(t->memory, n + m + 1);
        if (!both)
            return no_memory(step, msg);
        memcpy(both, left, n);
        memcpy(both + n, right, m + 1);
        ((const char **)y->data)[i] = both;
    }
    return KAON_OK;
}

/* Past its parts a text has empty ones. */
static enum kaon_status run_split(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct text *t = step->args;
    const struct kaon_text_split *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const struct kaon_tensor *count = kaon_own_out(&step->call, 1);
    const size_t width = y ? (size_t)y->dims[y->rank - 1] : 0;
    for (size_t i = 0; i < kaon_own_count(x); i++) {
        const char *rest = kaon_text_at(x, i);
        const size_t parts = (size_t)kaon_text_parts(rest, a);
        struct kaon_text_part part;
        if (count)
            ((int64_t *)count->data)[i] = (int64_t)parts;
        for (size_t k = 0; k < width; k++) {
            const char *text = "";
            if (k < parts &&
                kaon_text_next(&rest, a->delimiter, (int64_t)k + 1 == a->most, &part) &&
                !(text = kaon_arena_push_text(t->memory, part.at, part.n)))
                return no_memory(step, msg);
            ((const char **)y->data)[i * width + k] = text;
        }
    }
    return KAON_OK;
}

static enum kaon_status run_normalizer(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct text *t = step->args;
    const struct kaon_text_normalizer *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const char **to = y->data;
    size_t n = 0;
    to[0] = "";
    for (size_t i = 0; i < kaon_own_count(x); i++) {
        const char *text = kaon_text_at(x, i);
        if (kaon_text_stops(text, a))
            continue;
        if (a->lower || a->upper) {
            char *changed = kaon_arena_push(t->memory, kaon_text_in_case(NULL, text, a->upper));
            if (!changed)
                return no_memory(step, msg);
            kaon_text_in_case(changed, text, a->upper);
            text = changed;
        }
        to[n++] = text;
    }
    return KAON_OK;
}

static enum kaon_status prepare_text(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    struct text *t = kaon_own_args(step, memory, sizeof *t, msg);
    if (!t)
        return KAON_NO_MEMORY;
    t->memory = memory;
    step->run = step->call.op->kind == KAON_OP_string_concat  ? run_concat
                : step->call.op->kind == KAON_OP_string_split ? run_split
                                                              : run_normalizer;
    return KAON_OK;
}

const struct kaon_own kaon_own_string_concat = { .prepare = prepare_text };
const struct kaon_own kaon_own_string_split = { .prepare = prepare_text };
const struct kaon_own kaon_own_string_normalizer = { .prepare = prepare_text };

static enum kaon_status run_equal(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *a = step->call.in[0], *b = step->call.in[1], *y = step->call.out[0];
    (void)msg;
    for (size_t i = 0; i < kaon_own_count(y); i++)
        ((uint8_t *)y->data)[i] =
            !strcmp(kaon_text_at(a, source(y, a, i)), kaon_text_at(b, source(y, b, i)));
    return KAON_OK;
}

enum kaon_status kaon_text_equal_prepare(struct kaon_step *step, struct kaon_msg *msg)
{
    const enum kaon_status st = kaon_own_same_types(&step->call, msg);
    step->run = run_equal;
    return st;
}
