#include "tools/bench/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/row.h"
#include "tools/bench/stats.h"

/* ---- rows ------------------------------------------------------------------------------------ */

struct kaon_bench_who kaon_bench_who(const json_t *row)
{
    struct kaon_bench_who who;
    const char *form = kaon_bench_text(row, "form"), *isa = kaon_bench_text(row, "isa");
    snprintf(who.text, sizeof who.text, "%s%s%s%s%s", kaon_bench_text(row, "impl"),
             *form ? " " : "", form, *isa ? " " : "", isa);
    return who;
}

size_t kaon_bench_case_end(const json_t *rows, size_t first)
{
    const char *name = kaon_bench_text(json_array_get(rows, first), "case");
    size_t end = first;
    while (end < json_array_size(rows) &&
           !strcmp(kaon_bench_text(json_array_get(rows, end), "case"), name))
        end++;
    return end;
}

const json_t *kaon_bench_chosen(const json_t *rows, size_t first)
{
    const size_t end = kaon_bench_case_end(rows, first);
    for (size_t i = first; i < end; i++)
        if (json_is_true(json_object_get(json_array_get(rows, i), "chosen")))
            return json_array_get(rows, i);
    return NULL;
}

/* The samples, sorted and times `scale`; free() them. NULL without memory. */
static double *samples_of(const json_t *row, double scale, size_t *n)
{
    const json_t *list = json_object_get(row, "samples_ns");
    *n = json_array_size(list);
    double *v = calloc(*n + 1, sizeof *v);
    for (size_t i = 0; v && i < *n; i++)
        v[i] = scale * json_number_value(json_array_get(list, i));
    if (v)
        kaon_bench_sort(v, *n);
    return v;
}

bool kaon_bench_rows_differ(const json_t *a, const json_t *b, double scale_b)
{
    size_t n_a, n_b;
    double *x = samples_of(a, 1.0, &n_a), *y = samples_of(b, scale_b, &n_b);
    const bool differ = x && y && kaon_bench_rank_test(x, n_a, y, n_b) < 1e-3;
    free(x);
    free(y);
    return differ;
}

const json_t *kaon_bench_faster_form(const json_t *rows, size_t first)
{
    const size_t end = kaon_bench_case_end(rows, first);
    const json_t *chosen = kaon_bench_chosen(rows, first), *best = NULL;
    double limit = 0.97 * kaon_bench_member(chosen, "median_ns");
    for (size_t i = first; chosen && i < end; i++) {
        const json_t *row = json_array_get(rows, i);
        if (row == chosen || strcmp(kaon_bench_text(row, "impl"), "kaon") != 0 ||
            json_is_true(json_object_get(row, "wrong")) ||
            !(kaon_bench_member(row, "median_ns") < limit) ||
            !kaon_bench_rows_differ(row, chosen, 1.0))
            continue;
        best = row;
        limit = kaon_bench_member(row, "median_ns");
    }
    return best;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Four significant digits, and no exponent. */
static void number(char *text, size_t room, double v)
{
    if (!isfinite(v))
        snprintf(text, room, "-");
    else
        snprintf(text, room, "%.*f", v < 10 ? 2 : v < 1000 ? 1 : 0, v);
}

static void column(struct kaon_out *out, int width, double v)
{
    char text[32];
    number(text, sizeof text, v);
    kaon_out_printf(out, " %*s", width, text);
}

static void difference(struct kaon_out *out, const json_t *row)
{
    const double d = kaon_bench_member(row, "max_abs_diff");
    if (json_is_true(json_object_get(row, "wrong")))
        kaon_out_printf(out, " %7.0e WRONG", d);
    else if (d > 0)
        kaon_out_printf(out, " %7.0e", d);
    else
        kaon_out_printf(out, " %7s", "0");
}

/* A count per nanosecond, "-" for none: GFLOP/s from FLOPs, GB/s from bytes. */
static double rate(const json_t *row, const char *count)
{
    const double n = kaon_bench_member(row, count);
    return n > 0 ? n / kaon_bench_member(row, "median_ns") : (double)NAN;
}

static void kernel_line(const json_t *row, const json_t *chosen, struct kaon_out *out)
{
    const double ns = kaon_bench_member(row, "median_ns");
    kaon_out_printf(out, "%c %-32s", row == chosen ? '*' : ' ', kaon_bench_who(row).text);
    column(out, 10, ns);
    kaon_out_printf(out, " %4.0f", 100 * kaon_bench_member(row, "spread_ns") / ns);
    column(out, 8, ns / kaon_bench_member(row, "elements"));
    column(out, 8, rate(row, "flops"));
    column(out, 7, rate(row, "bytes"));
    kaon_out_printf(out, " %5.0f", 100 * kaon_bench_member(row, "limit_share"));
    column(out, 6, ns / kaon_bench_member(chosen, "median_ns"));
    difference(out, row);
    kaon_out_printf(out, "\n");
}

static void kernel_case(const json_t *rows, size_t first, struct kaon_out *out)
{
    const json_t *chosen = kaon_bench_chosen(rows, first);
    const size_t end = kaon_bench_case_end(rows, first);
    kaon_out_printf(out, "%-34s %10s %4s %8s %8s %7s %5s %6s %7s\n",
                    kaon_bench_text(json_array_get(rows, first), "case"), "ns", "+-%", "ns/elem",
                    "GFLOP/s", "GB/s", "limit%", "ratio", "diff");
    for (size_t i = first; i < end; i++)
        kernel_line(json_array_get(rows, i), chosen, out);
    const json_t *faster = kaon_bench_faster_form(rows, first);
    if (faster)
        kaon_out_printf(out, "! %s takes %.0f %% less time than the form that is chosen\n",
                        kaon_bench_who(faster).text,
                        100 - 100 * kaon_bench_member(faster, "median_ns") /
                                  kaon_bench_member(chosen, "median_ns"));
    kaon_out_printf(out, "\n");
}

/* Microseconds of a member in ns. */
static void microseconds(struct kaon_out *out, const json_t *row, const char *name)
{
    column(out, 9, 1e-3 * kaon_bench_member(row, name));
}

static void model_case(const json_t *rows, size_t first, struct kaon_out *out)
{
    static const char *const times[] = { "median_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns" };
    const json_t *chosen = kaon_bench_chosen(rows, first);
    const size_t end = kaon_bench_case_end(rows, first);
    kaon_out_printf(out, "%s\n%-34s %9s %9s %9s %9s %9s %9s %6s %6s %6s %7s\n",
                    kaon_bench_text(json_array_get(rows, first), "case"), "us", "p50", "p90", "p99",
                    "p99.9", "max", "runs/s", "ratio", "allocs", "faults", "diff");
    for (size_t i = first; i < end; i++) {
        const json_t *row = json_array_get(rows, i);
        kaon_out_printf(out, "%c %-32s", row == chosen ? '*' : ' ', kaon_bench_who(row).text);
        for (size_t t = 0; t < sizeof times / sizeof *times; t++)
            microseconds(out, row, times[t]);
        column(out, 9, kaon_bench_member(row, "runs_per_second"));
        column(out, 6,
               kaon_bench_member(row, "median_ns") / kaon_bench_member(chosen, "median_ns"));
        column(out, 6, kaon_bench_member(row, "allocations"));
        column(out, 6, kaon_bench_member(row, "page_faults"));
        difference(out, row);
        kaon_out_printf(out, "\n");
    }
    kaon_out_printf(out, "\n");
}

void kaon_bench_print_case(const json_t *rows, size_t first, struct kaon_out *out)
{
    if (json_object_get(json_array_get(rows, first), "p999_ns"))
        model_case(rows, first, out);
    else
        kernel_case(rows, first, out);
}

static void print_host(const json_t *run, struct kaon_out *out)
{
    static const char *const members[] = { "cpu",        "kernel",    "governor", "turbo", "smt",
                                           "huge_pages", "denormals", "compiler", "kaon" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        kaon_out_printf(out, "%-22s ", members[i]);
        kaon_out_name(out, kaon_bench_text(run, members[i]));
        kaon_out_printf(out, "\n");
    }
    const double core = kaon_bench_member(run, "core");
    if (core >= 0)
        kaon_out_printf(out, "%-22s %.0f of %.0f\n", "pinned to core", core,
                        kaon_bench_member(run, "cores"));
    else
        kaon_out_printf(out, "%-22s no, of %.0f cores\n", "pinned to core",
                        kaon_bench_member(run, "cores"));
}

static void print_rate(struct kaon_out *out, const char *what, double v, const char *unit)
{
    if (v > 0)
        kaon_out_printf(out, "%-22s %8.1f %s\n", what, v, unit);
    else
        kaon_out_printf(out, "%-22s        - not on this CPU\n", what);
}

void kaon_bench_print_machine(const json_t *run, struct kaon_out *out)
{
    static const struct {
        const char *member, *what, *unit;
    } rates[] = {
        { "fma_128_gflops", "fma f32, 128 bit", "GFLOP/s" },
        { "fma_256_gflops", "fma f32, 256 bit", "GFLOP/s" },
        { "fma_512_gflops", "fma f32, 512 bit", "GFLOP/s" },
        { "fp16_gflops", "fma f16, 512 bit", "GFLOP/s" },
        { "bf16_gflops", "vdpbf16ps, 512 bit", "GFLOP/s" },
        { "vnni_gops", "vpdpbusd, 512 bit", "GOP/s" },
        { "step_ns", "an empty step", "ns" },
        { "clock_ns", "reading the clock", "ns" },
    };
    const json_t *limits = json_object_get(run, "limits"), *level;
    size_t i;

    print_host(run, out);
    kaon_out_printf(out, "\n");
    for (i = 0; i < sizeof rates / sizeof *rates; i++)
        print_rate(out, rates[i].what, kaon_bench_member(limits, rates[i].member), rates[i].unit);
    kaon_out_printf(out, "\n%-10s %12s %12s %8s %8s %8s  GB/s, one core\n", "", "capacity",
                    "measured on", "read", "write", "copy");
    json_array_foreach(json_object_get(limits, "levels"), i, level)
    {
        kaon_out_printf(out, "%-10s %8.0f KiB %8.0f KiB %8.1f %8.1f %8.1f\n",
                        kaon_bench_text(level, "name"), kaon_bench_member(level, "capacity") / 1024,
                        kaon_bench_member(level, "measured") / 1024,
                        kaon_bench_member(level, "read"), kaon_bench_member(level, "write"),
                        kaon_bench_member(level, "copy"));
    }
}

void kaon_bench_print_peers(const json_t *run, struct kaon_out *out)
{
    const json_t *peer;
    size_t i;
    json_array_foreach(json_object_get(run, "peers"), i, peer)
    {
        const char *impl = kaon_bench_text(peer, "impl");
        const char *words = kaon_bench_text(peer, *impl ? "note" : "why_not");
        kaon_out_printf(out, "peer %s%s", *impl ? impl : kaon_bench_text(peer, "name"),
                        *impl ? "" : ": not there");
        kaon_out_printf(out, *words ? ": %s\n" : "\n", words);
    }
    if (i)
        kaon_out_printf(out, "\n");
}

void kaon_bench_print_text(const json_t *run, struct kaon_out *out)
{
    const json_t *rows = json_object_get(run, "rows");
    kaon_bench_print_machine(run, out);
    kaon_out_printf(out, "\n");
    kaon_bench_print_peers(run, out);
    for (size_t i = 0; i < json_array_size(rows); i = kaon_bench_case_end(rows, i))
        kaon_bench_print_case(rows, i, out);
}
