#include "tools/bench/row.h"

#include <math.h>

#include "tools/cli/json.h"

double kaon_bench_member(const json_t *row, const char *name)
{
    const json_t *v = json_object_get(row, name);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

const char *kaon_bench_text(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text ? text : "";
}

/* Four digits after the point of a nanosecond are more than any clock has. */
static json_t *samples(const struct kaon_bench_timed *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n; i++)
        json_array_append_new(list, json_real(round(t->sample_ns[i] * 1e4) * 1e-4));
    return list;
}

json_t *kaon_bench_row(const struct kaon_bench_case *c, const struct kaon_bench_contender *who,
                       struct kaon_bench_timed *timed, const struct kaon_bench_limits *limits,
                       double spin_ns)
{
    json_t *in_order = samples(timed);
    const struct kaon_bench_summary s = kaon_bench_summarise(timed->sample_ns, timed->n);
    const double flops =
        c->bytes && limits->vnni > 0 ? c->flops * kaon_bench_peak(limits) / limits->vnni : c->flops;
    const double floor_ns =
        kaon_bench_floor_ns(limits, flops, c->bytes_read, c->bytes_written, c->footprint);
    /* The limits were measured when the spin took limits->spin_ns: now the core is that much
     * slower or faster. */
    const double pace = spin_ns > 0.0 ? spin_ns / limits->spin_ns : 1.0;
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "case", c->name, "impl", who->impl, "form",
                  who->form, "isa", who->isa, "chosen", who->chosen, "wrong", who->wrong);
    const struct {
        const char *name;
        double value;
    } members[] = {
        { "median_ns", s.median },
        { "min_ns", s.min },
        { "p90_ns", s.p90 },
        { "p99_ns", s.p99 },
        { "spread_ns", s.spread },
        { "elements", c->elements },
        { "flops", c->flops },
        { "bytes", c->bytes_read + c->bytes_written },
        { "floor_ns", floor_ns },
        { "limit_share", floor_ns * pace / s.median },
        { "max_abs_diff", who->difference },
        { "spin_ns", spin_ns },
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(row, members[i].name, kaon_json_number(members[i].value));
    json_object_set_new(row, "rounds", json_integer((json_int_t)timed->n));
    json_object_set_new(row, "reps", json_integer((json_int_t)(timed->n * timed->batch)));
    json_object_set_new(row, "samples_ns", in_order);
    return row;
}

json_t *kaon_bench_limits_json(const struct kaon_bench_limits *l)
{
    json_t *levels = json_array();
    for (size_t i = 0; i < KAON_BENCH_LEVELS; i++) {
        const struct kaon_bench_level *v = &l->level[i];
        json_array_append_new(
            levels, json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "name", v->name, "capacity",
                              (json_int_t)v->capacity, "measured", (json_int_t)v->measured, "read",
                              kaon_json_number(v->read), "write", kaon_json_number(v->write),
                              "copy", kaon_json_number(v->copy)));
    }
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "fma_128_gflops",
                     l->fma[KAON_BENCH_128], "fma_256_gflops", l->fma[KAON_BENCH_256],
                     "fma_512_gflops", l->fma[KAON_BENCH_512], "vnni_gops", l->vnni, "bf16_gflops",
                     l->bf16, "fp16_gflops", l->fp16, "step_ns", l->step_ns, "clock_ns",
                     l->clock_ns, "spin_ns", l->spin_ns, "levels", levels);
}

json_t *kaon_bench_without_samples(const json_t *run)
{
    json_t *copy = json_deep_copy(run), *row;
    size_t i;
    json_array_foreach(json_object_get(copy, "rows"), i, row)
    {
        json_object_del(row, "samples_ns");
    }
    return copy;
}
