#include "tools/bench/draw.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/fail.h"
#include "tools/cli/nearest.h"
#include "tools/model/axes.h"

enum { MOST_SHAPES = 64 };

static uint64_t mixed(uint64_t i)
{
    uint64_t z = i * UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 (Steele et al. 2014) */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static struct kaon_range *find(const struct kaon_bench_draw *d, const char *axis)
{
    for (size_t i = 0; i < d->n_ranges; i++)
        if (!strcmp(d->range[i].axis, axis))
            return &d->range[i];
    return NULL;
}

/* Every symbolic axis of the inputs once, at length 1. */
static enum kaon_status list_axes(struct kaon_bench_draw *d, const struct kaon_model *model,
                                  struct kaon_msg *msg)
{
    for (size_t i = 0; i < kaon_model_input_count(model); i++) {
        struct kaon_port port;
        if (kaon_model_input(model, i, &port) != KAON_OK)
            continue;
        for (int32_t k = 0; k < port.rank; k++) {
            if (!port.axes[k] || find(d, port.axes[k]))
                continue;
            struct kaon_range *r = realloc(d->range, (d->n_ranges + 1) * sizeof *r);
            if (!r)
                return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the axes");
            d->range = r;
            r[d->n_ranges++] = (struct kaon_range){ port.axes[k], 1, 1 };
        }
    }
    return KAON_OK;
}

/* "7" or "0..40" */
static bool parse_range(const char *text, struct kaon_range *r)
{
    const char *dots = strstr(text, "..");
    char low[32];
    if (!dots)
        return kaon_parse_int(text, &r->min) && kaon_parse_int(text, &r->max) && r->min >= 0;
    const size_t n = (size_t)(dots - text);
    if (n >= sizeof low)
        return false;
    memcpy(low, text, n);
    low[n] = 0;
    return kaon_parse_int(low, &r->min) && kaon_parse_int(dots + 2, &r->max) && r->min >= 0 &&
           r->min <= r->max;
}

static enum kaon_status take_dim(struct kaon_bench_draw *d, const char *word, struct kaon_msg *msg)
{
    char name[256];
    const char *value, *best = NULL;
    struct kaon_range given;
    if (!kaon_option_pair(word, name, sizeof name, &value) || !parse_range(value, &given))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--dim: \"%s\" is not of the form AXIS=N or AXIS=LO..HI, as in "
                             "n_tracks=0..40",
                             word);
    struct kaon_range *r = find(d, name);
    if (!r) {
        for (size_t i = 0; i < d->n_ranges; i++)
            kaon_nearest_try(name, d->range[i].axis, &best);
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--dim: no input has an axis \"%s\"%s%s%s",
                             name, best ? "; did you mean \"" : "", best ? best : "",
                             best ? "\"?" : "");
    }
    r->min = given.min;
    r->max = given.max;
    return KAON_OK;
}

static enum kaon_status take_batch(struct kaon_bench_draw *d, int64_t batch, struct kaon_msg *msg)
{
    static const char *const names[] = { "batch", "batch_size", "batch_dim", "N", "B", "n_jets" };
    for (size_t i = 0; batch && i < sizeof names / sizeof *names; i++) {
        struct kaon_range *r = find(d, names[i]);
        if (!r)
            continue;
        r->min = r->max = batch;
        return KAON_OK;
    }
    return batch ? kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                                 "--batch: no axis of the inputs is named like a batch; --dim "
                                 "AXIS=N sets any axis")
                 : KAON_OK;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static size_t count_shapes(const struct kaon_bench_draw *d)
{
    size_t n = 1;
    for (size_t i = 0; i < d->n_ranges && n <= MOST_SHAPES; i++)
        n *= d->range[i].max - d->range[i].min < MOST_SHAPES
                 ? (size_t)(d->range[i].max - d->range[i].min + 1)
                 : MOST_SHAPES + 1;
    return n;
}

/* The lengths of one shape: number `index` of all, or drawn where there are too many. */
static void choose(const struct kaon_bench_draw *d, struct kaon_axes *axes, size_t index,
                   bool drawn, uint64_t seed)
{
    axes->n = d->n_ranges;
    for (size_t i = 0; i < d->n_ranges; i++) {
        const struct kaon_range *r = &d->range[i];
        const uint64_t span = (uint64_t)(r->max - r->min) + 1;
        const uint64_t at = drawn ? mixed(seed + index * 64 + i + 1) % span : index % span;
        axes->axis[i] = (struct kaon_axis){ r->axis, r->min + (int64_t)at, "--dim" };
        index /= drawn ? 1 : (size_t)span;
    }
}

static enum kaon_status make_shapes(struct kaon_bench_draw *d, const struct kaon_model *model,
                                    uint64_t seed, struct kaon_msg *msg)
{
    const size_t all = count_shapes(d), n = all <= MOST_SHAPES ? all : MOST_SHAPES;
    struct kaon_axes axes = { calloc(d->n_ranges + 1, sizeof *axes.axis), 0 };
    enum kaon_status st = KAON_OK;
    d->inputs = calloc(n, sizeof *d->inputs);
    if (!d->inputs || !axes.axis)
        st = kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the inputs");
    for (size_t i = 0; st == KAON_OK && i < n; i++) {
        choose(d, &axes, i, all > MOST_SHAPES, seed);
        st = kaon_inputs_open(&d->inputs[i], model, msg);
        d->n_shapes += st == KAON_OK;
        if (st == KAON_OK)
            st = kaon_inputs_random(&d->inputs[i], model, &axes, seed, msg);
    }
    free(axes.axis);
    return st;
}

static void write_text(struct kaon_bench_draw *d)
{
    size_t at = 0;
    for (size_t i = 0; i < d->n_ranges && at < sizeof d->text; i++) {
        const struct kaon_range *r = &d->range[i];
        at += (size_t)snprintf(d->text + at, sizeof d->text - at, "%s%s=%" PRId64, i ? "," : "",
                               r->axis, r->min);
        if (r->max > r->min && at < sizeof d->text)
            at += (size_t)snprintf(d->text + at, sizeof d->text - at, "..%" PRId64, r->max);
    }
}

enum kaon_status kaon_bench_draw_open(struct kaon_bench_draw *draw, const struct kaon_model *model,
                                      const struct kaon_words *dims, int64_t batch, uint64_t seed,
                                      struct kaon_msg *msg)
{
    *draw = (struct kaon_bench_draw){ 0 };
    enum kaon_status st = list_axes(draw, model, msg);
    for (size_t i = 0; st == KAON_OK && i < dims->n; i++)
        st = take_dim(draw, dims->word[i], msg);
    if (st == KAON_OK)
        st = take_batch(draw, batch, msg);
    if (st == KAON_OK)
        st = make_shapes(draw, model, seed, msg);
    write_text(draw);
    return st;
}

void kaon_bench_draw_close(struct kaon_bench_draw *draw)
{
    for (size_t i = 0; i < draw->n_shapes; i++)
        kaon_inputs_close(&draw->inputs[i]);
    free(draw->inputs);
    free(draw->range);
    *draw = (struct kaon_bench_draw){ 0 };
}

size_t kaon_bench_draw_at(const struct kaon_bench_draw *draw, uint64_t i)
{
    return draw->n_shapes > 1 ? (size_t)(mixed(i + 1) % draw->n_shapes) : 0;
}
